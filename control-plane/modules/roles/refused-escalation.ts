import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'
import { RightsExceeded } from './errors.ts'

/**
 * Records that somebody wanted to give more than they have, in a transaction of its own: the refused one leaves
 * nothing. [S0-40]
 */
export async function auditEscalation<T>(
  context: ServiceContext,
  actor: Actor,
  subject: { readonly kind: string; readonly id: string },
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof RightsExceeded) await recordEscalation(context, actor, subject, error)
    throw error
  }
}

export function recordEscalation(
  context: ServiceContext,
  actor: Actor,
  subject: { readonly kind: string; readonly id: string },
  { message, missingPermissions }: RightsExceeded,
): Promise<void> {
  const details = { reason: message, missingPermissions: [...missingPermissions] }
  const entry = { type: 'privilege_escalation.refused', subject, outcome: 'denied', details } as const
  return transactionOf(context, actor, (em) => recordAudit(em, actor, entry, new Date(context.now())))
}
