import type { Client } from 'pg'
import { rollups } from '../../control-plane/modules/usage/rollups.ts'
import { unsummedTable } from '../../control-plane/modules/usage/unsummed.ts'

/** A digest of every row of every table, and of each row's version, by the table's name. */
export type StoredRows = Readonly<Record<string, string>>

/** What is written in the background: behind a change, which has shown in its own tables by then, or every so often, whatever is asked. */
const bookkeeping: ReadonlySet<string> = new Set([
  'config_revisions',
  'budget_reconciliations',
  'budget_charges',
  'budget_drifts',
  'api_token_uses',
  unsummedTable,
  ...rollups.map(({ table }) => table),
])

/** What is stored, past every wall. */
export async function storedRows(client: Client): Promise<StoredRows> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by tablename`,
  )
  const digests = rows
    .filter(({ name }) => !bookkeeping.has(name))
    .map(
      ({ name }) =>
        `select '${name}' as name, count(*) || ' ' || coalesce(sum(hashtextextended(xmin::text || stored::text, 0)), 0) as digest from ${name} stored`,
    )
  const answer = await client.query<{ name: string; digest: string }>(digests.join(' union all '))
  return Object.fromEntries(answer.rows.map(({ name, digest }) => [name, digest]))
}
