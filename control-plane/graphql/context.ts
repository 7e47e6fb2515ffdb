import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../service-context.ts'
import { Unauthenticated } from './errors.ts'

/** What a resolver gets. */
export interface RequestContext {
  readonly services: ServiceContext
  /** @throws Unauthenticated when nobody is signed in. */
  readonly actor: Actor
  readonly requestId: string
}

export function createRequestContext(
  services: ServiceContext,
  actor: Actor | undefined,
  requestId: string,
): RequestContext {
  return {
    services,
    requestId,
    get actor() {
      if (!actor) throw new Unauthenticated()
      return actor
    },
  }
}
