import { initContextCache } from '@pothos/core'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../service-context.ts'
import { Unauthenticated } from './errors.ts'

/** What a resolver gets. */
export interface RequestContext {
  readonly services: ServiceContext
  /** @throws Unauthenticated when nobody is signed in. */
  readonly actor: Actor
  readonly requestId: string
  /**
   * Makes the context as fresh as that of a new request, for the next event of a subscription: who asks, with the
   * rights of this moment, and no row from before.
   *
   * @throws Unauthenticated when the credential is not valid any more.
   */
  renew(): Promise<void>
}

export function createRequestContext(
  services: ServiceContext,
  actor: Actor | undefined,
  requestId: string,
  authenticate: () => Promise<Actor | undefined>,
): RequestContext {
  return {
    services,
    requestId,
    get actor() {
      if (!actor) throw new Unauthenticated()
      return actor
    },
    async renew() {
      const present = await authenticate()
      if (!present) throw new Unauthenticated('Your token is not valid any more: the stream ends here')
      // Yoga copies the context's properties, so that the copy itself is what has to change.
      Object.defineProperty(this, 'actor', { value: present, configurable: true, enumerable: true })
      Object.assign(this, initContextCache())
    },
  }
}
