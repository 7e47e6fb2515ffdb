import type { Actor } from '../../actor.ts'
import { SecondPersonRequired } from '../../graphql/second-person.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'

/**
 * Records that somebody wanted to approve what they had asked for, in a transaction of its own: the refused one
 * leaves nothing. [S1-45]
 */
export async function auditRefusedApproval<T>(
  context: ServiceContext,
  actor: Actor,
  changeId: string,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof SecondPersonRequired) await recordRefusal(context, actor, changeId, error.message)
    throw error
  }
}

function recordRefusal(context: ServiceContext, actor: Actor, changeId: string, reason: string) {
  const entry = {
    type: 'client_configuration.change_approval_refused',
    subject: { kind: 'client_configuration_change', id: changeId },
    outcome: 'denied',
    details: { reason },
  } as const
  return transactionOf(context, actor, (em) => recordAudit(em, actor, entry, new Date(context.now())))
}
