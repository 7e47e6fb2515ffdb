import type { Actor } from '../../actor.ts'
import type { RequestContext } from '../../graphql/context.ts'
import type { ServiceContext } from '../../service-context.ts'
import { AccessApprovalRequired, AccessChangesNeedApproval } from './errors.ts'
import { requestAccessChange } from './request.ts'

/** What a mutation takes that is about one thing. */
export interface ById {
  readonly id: string
}

type Perform<Input, Done> = (context: ServiceContext, actor: Actor, input: Input) => Promise<Done>

const performers = new Map<string, Perform<never, unknown>>()

/** What does a mutation, for a change that was asked for by it; undefined of one that there is no more. */
export function performerOf(mutation: string): Perform<object, unknown> | undefined {
  return performers.get(mutation) as Perform<object, unknown> | undefined
}

/** The resolver of a mutation that waits for a second person where it is stopped for want of one. */
export function approvable<Input extends object, Done>(mutation: string, perform: Perform<Input, Done>) {
  performers.set(mutation, perform)
  return async (
    _: unknown,
    { input }: { readonly input: Input },
    { services, actor }: RequestContext,
  ): Promise<Done> => {
    try {
      return await perform(services, actor, input)
    } catch (error) {
      if (!(error instanceof AccessChangesNeedApproval)) throw error
    }
    const wanted = { mutation, input, perform: (context: ServiceContext) => perform(context, actor, input) }
    throw new AccessApprovalRequired(await requestAccessChange(services, actor, wanted))
  }
}
