import type pg from 'pg'
import { additionTo, type Rollup, rollups } from '../../control-plane/modules/usage/rollups.ts'

/** Adds all calls to all sums, as the product does by and by. */
export async function seedSums(client: pg.Client, progress: (text: string) => void): Promise<void> {
  for (const rollup of rollups) {
    const began = performance.now()
    const source = sourceOf(rollup)
    await withoutIndexes(client, [rollup.table], () => client.query(additionTo(rollup, source)))
    const rows = await compare(client, rollup, source)
    progress(`${rollup.table}: ${rows} rows in ${Math.round((performance.now() - began) / 1000)} s`)
  }
}

/** Sums of minutes are deleted after a week. */
const sourceOf = ({ grain }: Rollup) =>
  grain === 'minute'
    ? `(select * from usage_records where at >= date_trunc('day', now() - interval '7 days', 'UTC')) of_a_week`
    : 'usage_records'

const totals = 'sum(input_tokens) as input, sum(output_tokens) as output, sum(cost_nano_usd) as cost'

/** @returns how many rows there are @throws Error when they do not hold what the calls do. */
async function compare(client: pg.Client, { table }: Rollup, source: string): Promise<number> {
  const { rows } = await client.query<{ same: boolean; rows: string }>(
    `select kept.rows, (kept.requests, kept.input, kept.output, kept.cost)
       is not distinct from (calls.requests, calls.input, calls.output, calls.cost) as same
     from (select count(*) as rows, sum(requests) as requests, ${totals} from ${table}) kept,
       (select count(*) as requests, ${totals} from ${source}) calls`,
  )
  if (!rows[0]?.same) throw new Error(`${table} does not hold the sums of the calls`)
  return Number(rows[0].rows)
}

/** Built once over all rows, indexes take minutes less than row by row. */
export async function withoutIndexes(
  client: pg.Client,
  tables: readonly string[],
  fill: () => Promise<unknown>,
): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select format('%I', indexname) as name, indexdef as definition from pg_indexes
     where tablename = any ($1) and indexname not in (select conname from pg_constraint)`,
    [tables],
  )
  for (const { name } of rows) await client.query(`drop index ${name}`)
  await fill()
  for (const { definition } of rows) await client.query(definition)
}
