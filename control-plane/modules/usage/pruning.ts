import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import type { Database } from '../../db/database.ts'
import { minutesKeptMs } from './sums.ts'

const pruneIntervalMs = 60 * 60 * 1000
/** In one transaction, which holds up no call that is recorded meanwhile. */
const mostPrunedAtOnce = 5_000

/** Deletes the sums of minutes that are read no more, for as long as it runs: sums of older times are those of hours and days. */
export function startMinutePruning({ database, log, now }: BackgroundDependencies): BackgroundWork {
  return startLoop({
    name: 'usage minutes',
    log: log.child({ loop: 'usage minutes' }),
    pauseMs: pruneIntervalMs,
    step: async () => {
      const before = new Date(now() - minutesKeptMs)
      for (const organizationId of await database.organizationIds()) {
        let hasMore = true
        while (hasMore) hasMore = await pruneMinutes(database, organizationId, before)
      }
    },
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
