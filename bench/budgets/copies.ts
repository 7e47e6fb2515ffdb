import pg from 'pg'
import type { BenchKey } from '../organization.ts'

export interface Copies {
  /** What the secrets of the copies begin with; their number follows, from 0. */
  readonly prefix: string
  readonly count: number
  readonly digestOf: (secret: string) => string
}

/** Characters at the end of an id that the copy's number takes the place of. */
const digits = 7
const secretsAtOnce = 10_000

/** The tables in which a key has rows, each with the column that names what is copied. */
const copiedTables = [
  ['virtual_keys', 'id'],
  ['virtual_key_secrets', 'virtual_key_id'],
  ['provider_configs', 'id'],
  ['budgets', 'id'],
  ['request_limits', 'id'],
  ['config_entities', 'id'],
] as const

/**
 * Copies a key that the API has made, with all that is its own, past all triggers and walls: what that many mutations
 * would have written, without the history of how it came about. The new epoch, as after a restored backup, makes control
 * planes read everything anew.
 */
export async function copyKey(superuserUrl: string, key: BenchKey, copies: Copies): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica')
    await storeDigests(client, copies)
    for (const statement of statementsFor(key, copies)) await client.query(statement)
    // Only what was filled: of a table that was vacuumed while it was empty PostgreSQL believes that it stays so, and scans it.
    await client.query(`vacuum (analyze) ${copiedTables.map(([table]) => table).join(', ')}`)
  } finally {
    await client.end()
  }
}

async function storeDigests(client: pg.Client, { prefix, count, digestOf }: Copies): Promise<void> {
  await client.query('create temporary table copies (number integer, digest text)')
  for (let from = 0; from < count; from += secretsAtOnce) {
    const numbers = Array.from({ length: Math.min(secretsAtOnce, count - from) }, (_, index) => from + index)
    const digests = numbers.map((number) => digestOf(`${prefix}${number}`))
    await client.query('insert into copies select * from unnest($1::integer[], $2::text[])', [
      numbers,
      digests,
    ])
  }
}

function statementsFor({ secret, ids }: BenchKey, { digestOf }: Copies): string[] {
  const named = ids.map((id) => `'${id}'`).join(', ')
  const copied = ids.reduce(
    (sql, id) => `replace(${sql}, '${id}', '${id.slice(0, -digits)}' || lpad(number::text, ${digits}, '0'))`,
    `replace(to_jsonb(original)::text, '${digestOf(secret)}', copies.digest)`,
  )
  const copy = (table: string, column: string) =>
    `insert into ${table} select (jsonb_populate_record(null::${table}, (${copied})::jsonb)).*
     from ${table} original, copies where original.${column} in (${named})`
  return [
    ...copiedTables.map(([table, column]) => copy(table, column)),
    'update config_heads set epoch = epoch + 1, revision = revision + 1',
    `insert into config_revisions (org_id, epoch, revision, changes, previous)
     select org_id, epoch, revision, '{"upserts": [], "removals": []}', '[]' from config_heads`,
  ]
}
