import type { EntityManager } from '@mikro-orm/postgresql'
import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startPruning } from '../../background/pruning.ts'
import type { Database } from '../../db/database.ts'
import { claimHistory } from './kept-history.ts'

const dayMs = 24 * 60 * 60 * 1000
/** Of each table in one transaction. */
const mostPrunedAtOnce = 500

export interface PruningDependencies extends BackgroundDependencies {
  readonly configurationHistoryDays: number
}

/** Deletes what the configuration was longer ago than it is kept, for as long as it runs. */
export function startHistoryPruning(deps: PruningDependencies): BackgroundWork {
  return startPruning(deps, {
    name: 'configuration history',
    keptMs: deps.configurationHistoryDays * dayMs,
    prune: (organizationId, before) => pruneHistory(deps.database, organizationId, before),
  })
}

/**
 * Deletes a batch of the oldest history, unless somebody reads it or another control plane is at it.
 *
 * @returns whether there may be more.
 */
export function pruneHistory(
  database: Database,
  organizationId: string,
  before: Date,
  atMost = mostPrunedAtOnce,
): Promise<boolean> {
  return database.transaction(organizationId, async (em) => {
    if (!(await claimHistory(em, organizationId))) return false
    const pruned = [
      await pruneRevisions(em, organizationId, before, atMost),
      await pruneImages(em, organizationId, atMost),
      await pruneApplications(em, organizationId, before, atMost),
    ]
    return pruned.includes(atMost)
  })
}

/**
 * From the oldest on, so that what stays has no gap. The present revision stays, and whatever came after the one that
 * a data plane runs which was seen lately.
 */
async function pruneRevisions(em: EntityManager, organizationId: string, before: Date, atMost: number) {
  const oldest = await em.execute<{ epoch: number; revision: string; isOver: boolean }[]>(
    `select epoch, revision, created_at < ? and (epoch, revision) < (head_epoch, head_revision) and not exists (
       select from data_planes where data_planes.org_id = ? and revoked_at is null and last_seen_at >= ?
         and (applied_epoch, applied_revision) < (epoch, revision)) as "isOver"
     from config_revisions
     join (select org_id, epoch as head_epoch, revision as head_revision from config_heads) head using (org_id)
     where org_id = ? order by epoch, revision limit ?`,
    [before, organizationId, before, organizationId, atMost],
  )
  const kept = oldest.findIndex(({ isOver }) => !isOver)
  const over = kept === -1 ? oldest : oldest.slice(0, kept)
  const last = over.at(-1)
  if (last) {
    await em.execute('delete from config_revisions where org_id = ? and (epoch, revision) <= (?, ?)', [
      ...[organizationId, last.epoch, last.revision],
    ])
  }
  return over.length
}

/** What rows were is of use only together with the revision of the same transaction. */
async function pruneImages(em: EntityManager, organizationId: string, atMost: number) {
  const pruned = await em.execute<unknown[]>(
    `delete from row_images where id in (
       select id from row_images where org_id = ? and transaction_id < (
         select min(transaction_id) from config_revisions where org_id = ?)
       order by transaction_id limit ?) returning id`,
    [organizationId, organizationId, atMost],
  )
  return pruned.length
}

async function pruneApplications(em: EntityManager, organizationId: string, before: Date, atMost: number) {
  const pruned = await em.execute<unknown[]>(
    `delete from configuration_applications where id in (
       select id from configuration_applications where org_id = ? and at < ? order by at limit ?) returning id`,
    [organizationId, before, atMost],
  )
  return pruned.length
}
