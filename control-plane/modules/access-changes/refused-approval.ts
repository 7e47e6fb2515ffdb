import { GraphQLError } from 'graphql'
import type { Actor } from '../../actor.ts'
import { Refusal } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'

/** Records that somebody wanted to approve what they may not, in a transaction of its own: the refused one leaves nothing. */
export async function auditRefusedApproval<T>(
  context: ServiceContext,
  actor: Actor,
  changeId: string,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    const isRefused = error instanceof Refusal || error instanceof GraphQLError
    if (isRefused && !(error instanceof NotFound))
      await recordRefusal(context, actor, changeId, error.message)
    throw error
  }
}

function recordRefusal(context: ServiceContext, actor: Actor, changeId: string, reason: string) {
  const entry = {
    type: 'access_change.approval_refused',
    subject: { kind: 'access_change', id: changeId },
    outcome: 'denied',
    details: { reason },
  } as const
  return transactionOf(context, actor, (em) => recordAudit(em, actor, entry, new Date(context.now())))
}
