import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startPruning } from '../../background/pruning.ts'
import type { Database } from '../../db/database.ts'
import { minutesKeptMs } from './sums.ts'

/** In one transaction, which holds up no call that is recorded meanwhile. */
const mostPrunedAtOnce = 5_000

/** Deletes the sums of minutes that are read no more, for as long as it runs: sums of older times are those of hours and days. */
export function startMinutePruning(deps: BackgroundDependencies): BackgroundWork {
  return startPruning(deps, {
    name: 'usage minutes',
    keptMs: minutesKeptMs,
    prune: (organizationId, before) => pruneMinutes(deps.database, organizationId, before),
  })
}

/** Deletes a batch of the oldest minutes. @returns whether there may be more. */
export function pruneMinutes(
  database: Database,
  organizationId: string,
  before: Date,
  atMost = mostPrunedAtOnce,
): Promise<boolean> {
  return database.transaction(organizationId, async (em) => {
    const pruned = await em.execute<unknown[]>(
      `delete from usage_by_model_minute where ctid = any (array(
         select ctid from usage_by_model_minute where org_id = ? and at < ? order by at limit ? for update skip locked))
       returning at`,
      [organizationId, before, atMost],
    )
    return pruned.length === atMost
  })
}
