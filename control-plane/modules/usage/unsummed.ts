import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import type { Database } from '../../db/database.ts'
import { additionTo, rollups, usageColumns } from './rollups.ts'

/** Calls that are in none of the sums yet: whoever reads sums adds them. */
export const unsummedTable = 'usage_unsummed'
const columns = ['org_id', 'at', ...usageColumns, 'input_tokens', 'output_tokens', 'cost_nano_usd'].join(', ')

/** A statement that notes the calls of `source` as calls to be summed. */
export const noteUnsummed = (source: string) =>
  `insert into ${unsummedTable} (${columns}) select ${columns} from ${source}`

/** Many, because calls of many keys fall into the same sums; few enough for a query to read them beside the sums. */
const pauseMs = 10_000
const mostSummedAtOnce = 5_000

/** Adds calls to the sums, some seconds after they were recorded: recording them waits for none of the tables. */
export function startSumming({ database, log }: BackgroundDependencies): BackgroundWork {
  return startLoop({
    name: 'usage sums',
    log: log.child({ loop: 'usage sums' }),
    pauseMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        let hasMore = true
        while (hasMore) hasMore = await sumCalls(database, organizationId)
      }
    },
  })
}

/**
 * Moves a batch of the oldest calls into all sums at once: a query sees each call either here or there.
 *
 * @returns whether there may be more
 */
export function sumCalls(
  database: Database,
  organizationId: string,
  atMost = mostSummedAtOnce,
): Promise<boolean> {
  return database.transaction(organizationId, async (em) => {
    const [taken] = await em.execute<{ calls: string }[]>(statement, [organizationId, atMost])
    return Number(taken?.calls) === atMost
  })
}

const additions = rollups.map((rollup) => `added_to_${rollup.table} as (${additionTo(rollup, 'taken')})`)
const statement = `with taken as (
    delete from ${unsummedTable} where ctid = any (array(
      select ctid from ${unsummedTable} where org_id = ? order by at limit ? for update skip locked))
    returning ${columns}
  ), ${additions.join(', ')}
  select count(*) as calls from taken`
