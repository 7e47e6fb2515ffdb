/** The sums of a day's calls that have these columns in common; the smaller tables first. */
export const rollups = [
  { table: 'usage_by_day', dimensions: ['workspace_id', 'provider_id', 'requested_model', 'outcome'] },
  { table: 'usage_by_team', dimensions: ['workspace_id', 'team_id', 'customer_id', 'business_unit_id'] },
  {
    table: 'usage_by_provider',
    dimensions: ['workspace_id', 'provider_id', 'team_id', 'customer_id', 'business_unit_id'],
  },
  { table: 'usage_by_user', dimensions: ['workspace_id', 'user_id', 'team_id', 'outcome'] },
  { table: 'usage_by_key', dimensions: ['workspace_id', 'virtual_key_id', 'user_id', 'team_id'] },
] as const

export type Rollup = (typeof rollups)[number]

export const dayOfCall = `date_trunc('day', at, 'UTC')`

/** The smallest table that has all of these columns; undefined: only the calls themselves have them. */
export function rollupWith(columns: Iterable<string>): Rollup | undefined {
  const wanted = [...columns]
  return rollups.find(({ dimensions }) =>
    wanted.every((column) => column === 'day' || (dimensions as readonly string[]).includes(column)),
  )
}

const sums = ['requests', 'input_tokens', 'output_tokens', 'cost_nano_usd'] as const

/**
 * Parts of a statement that add the calls of `source` to every table of sums. In the order of their keys: two
 * statements that add to the same rows must not wait for each other.
 */
export function additionsFrom(source: string): readonly string[] {
  return rollups.map(({ table, dimensions }) => {
    const key = ['org_id', 'day', ...dimensions].join(', ')
    const added = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')
    return `added_to_${table} as (
      insert into ${table} (${key}, ${sums.join(', ')})
      select org_id, ${dayOfCall}, ${dimensions.join(', ')}, count(*), sum(input_tokens), sum(output_tokens),
        sum(cost_nano_usd)
      from ${source} group by org_id, 2, ${dimensions.join(', ')} order by 2, ${dimensions.join(', ')}
      on conflict (${key}) do update set ${added})`
  })
}
