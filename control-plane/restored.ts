import { systemActor } from './actor.ts'
import type { Database } from './db/database.ts'
import { recordAudit } from './modules/audit/index.ts'
import { beginEpoch } from './publisher/revision.ts'

export interface NewLineage {
  readonly organizationId: string
  readonly epoch: number
  readonly revision: number
}

/** No organization has this id: each is named for its own part of the transaction. */
const noOrganization = 'restore'

/**
 * Begins a new epoch for every organization of a restored database, or for none: what data planes run of the lineage
 * that ended is replaced, and they refuse to go back to it.
 *
 * @param backup what was restored, for the audit log.
 */
export function markRestored(database: Database, backup: string | null): Promise<readonly NewLineage[]> {
  return database.transaction(noOrganization, async (em) => {
    const heads = await em.execute<{ org_id: string }[]>('select org_id from config_heads order by org_id')
    const lineages: NewLineage[] = []
    for (const { org_id: organizationId } of heads) {
      await em.execute(`select set_config('gatehouse.org_id', ?, true)`, [organizationId])
      const { epoch, revision } = await beginEpoch(em, organizationId)
      await recordAudit(
        em,
        systemActor(organizationId),
        {
          type: 'database.restored',
          subject: { kind: 'organization', id: organizationId },
          details: { epoch, revision, backup },
        },
        new Date(),
      )
      lineages.push({ organizationId, epoch, revision })
    }
    return lineages
  })
}
