import type { EntityManager } from '@mikro-orm/postgresql'
import { RevisionNotKept } from './errors.ts'
import { isBefore, type RevisionName } from './revision-name.ts'

/** Whoever reads history over several statements shares it; whoever shortens it has it alone. */
const lockOf = (organizationId: string) => `gatehouse/history/${organizationId}`

/**
 * Holds the history from a revision on until the transaction ends.
 *
 * @throws RevisionNotKept when it begins later, so that what came after the revision is not known whole.
 */
export async function requireRevisionsSince(
  em: EntityManager,
  organizationId: string,
  name: RevisionName,
): Promise<void> {
  await em.execute('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', [lockOf(organizationId)])
  const oldest = await findOldestRevision(em, organizationId)
  if (oldest && name.revision >= 1 && isBefore(name, oldest)) {
    throw new RevisionNotKept(String(name.revision), String(oldest.revision))
  }
}

export async function findOldestRevision(
  em: EntityManager,
  organizationId: string,
): Promise<RevisionName | undefined> {
  const [row] = await em.execute<{ epoch: number; revision: string }[]>(
    'select epoch, revision from config_revisions where org_id = ? order by epoch, revision limit 1',
    [organizationId],
  )
  return row && { epoch: Number(row.epoch), revision: Number(row.revision) }
}

/** @returns false when somebody reads the history, or another control plane shortens it. */
export async function claimHistory(em: EntityManager, organizationId: string): Promise<boolean> {
  const [claim] = await em.execute<{ claimed: boolean }[]>(
    'select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as claimed',
    [lockOf(organizationId)],
  )
  return claim?.claimed === true
}
