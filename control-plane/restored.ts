import { systemActor } from './actor.ts'
import type { Database } from './db/database.ts'
import { inEveryOrganization, noOrganization } from './every-organization.ts'
import { signOutEverybody } from './modules/access-tokens/index.ts'
import { recordAudit } from './modules/audit/index.ts'
import { beginEpoch } from './publisher/revision.ts'

export interface NewLineage {
  readonly organizationId: string
  readonly epoch: number
  readonly revision: number
}

/**
 * Begins a new epoch for every organization of a restored database, or for none: what data planes run of the lineage
 * that ended is replaced, and they refuse to go back to it.
 *
 * @param backup what was restored, for the audit log.
 */
export function markRestored(database: Database, backup: string | null): Promise<readonly NewLineage[]> {
  return database.transaction(noOrganization, (em) =>
    inEveryOrganization(em, async (organizationId) => {
      // The backup holds sessions, and users, of before they were ended.
      const change = await signOutEverybody(em, organizationId, new Date())
      const { epoch, revision } = await beginEpoch(em, organizationId, { change })
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
      return { organizationId, epoch, revision }
    }),
  )
}
