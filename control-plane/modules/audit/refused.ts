import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type AuditEntry, recordAudit } from './service.ts'

/**
 * Records that `work` was refused, in a transaction of its own: the refused one leaves nothing.
 *
 * @param isRecorded of which errors it is worth a record
 */
export async function auditRefusal<T>(
  context: ServiceContext,
  actor: Actor,
  attempt: Pick<AuditEntry, 'type' | 'subject'>,
  isRecorded: (error: unknown) => error is Error,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isRecorded(error)) {
      const entry = { ...attempt, outcome: 'denied', details: { reason: error.message } } as const
      await transactionOf(context, actor, (em) => recordAudit(em, actor, entry, new Date(context.now())))
    }
    throw error
  }
}
