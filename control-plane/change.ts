import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from './actor.ts'
import { type AuditEntry, recordAudit } from './modules/audit/index.ts'
import { type ConfigurationChange, changeConfiguration } from './publisher/revision.ts'
import type { Clock } from './service-context.ts'

/**
 * Completes a mutation in its transaction: writes what was changed, its audit event and, when data planes are to
 * know, the configuration's next revision.
 */
export async function recordChange(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  entry: AuditEntry,
  change?: ConfigurationChange,
): Promise<void> {
  await em.flush()
  await recordAudit(em, actor, entry, new Date(clock.now()))
  if (change) await changeConfiguration(em, actor.organizationId, change)
}
