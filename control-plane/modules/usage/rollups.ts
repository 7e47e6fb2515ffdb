const minuteMs = 60_000
/** How long a row of each lasts. All begin with the Unix epoch, so that each is whole in the next longer one. */
export const grainMs = { minute: minuteMs, hour: 60 * minuteMs, day: 24 * 60 * minuteMs } as const
export type Grain = keyof typeof grainMs
/** The coarsest first. */
export const grains = ['day', 'hour', 'minute'] as const satisfies readonly Grain[]

const model = ['provider_id', 'requested_model', 'upstream_model', 'outcome'] as const
const party = ['team_id', 'customer_id', 'business_unit_id'] as const
/** What sums are kept by. */
export const usageColumns = ['workspace_id', 'virtual_key_id', 'user_id', ...party, ...model] as const
export type UsageColumn = (typeof usageColumns)[number]

export interface Rollup {
  readonly table: string
  readonly grain: Grain
  readonly dimensions: readonly UsageColumn[]
}

/** The sums of the calls of a minute, hour or day that have these columns in common; of each grain the smaller tables first. */
export const rollups: readonly Rollup[] = [
  { table: 'usage_by_model_day', grain: 'day', dimensions: ['workspace_id', ...model] },
  { table: 'usage_by_team_day', grain: 'day', dimensions: ['workspace_id', ...party] },
  { table: 'usage_by_provider_day', grain: 'day', dimensions: ['workspace_id', 'provider_id', ...party] },
  { table: 'usage_by_user_day', grain: 'day', dimensions: ['workspace_id', 'user_id', 'team_id'] },
  {
    table: 'usage_by_key_day',
    grain: 'day',
    dimensions: ['workspace_id', 'virtual_key_id', 'user_id', 'team_id'],
  },
  { table: 'usage_by_call_day', grain: 'day', dimensions: usageColumns },
  { table: 'usage_by_model_hour', grain: 'hour', dimensions: ['workspace_id', ...model] },
  { table: 'usage_by_team_hour', grain: 'hour', dimensions: ['workspace_id', ...party] },
  { table: 'usage_by_call_hour', grain: 'hour', dimensions: usageColumns },
  { table: 'usage_by_model_minute', grain: 'minute', dimensions: ['workspace_id', ...model] },
]

/** The table that has every dimension, by day. */
export const wholeRollup = 'usage_by_call_day'

/** The smallest table of a grain that has all of these columns; undefined: there is none. */
export function rollupWith(grain: Grain, columns: Iterable<string>): Rollup | undefined {
  const wanted = [...columns]
  return rollups.find(
    (rollup) =>
      rollup.grain === grain &&
      wanted.every((column) => (rollup.dimensions as readonly string[]).includes(column)),
  )
}

export const grainOfCall = (grain: Grain) => `date_trunc('${grain}', at, 'UTC')`

const sums = ['requests', 'input_tokens', 'output_tokens', 'cost_nano_usd'] as const

/**
 * Parts of a statement that add the calls of `source` to every table of sums. In the order of their keys: two
 * statements that add to the same rows must not wait for each other.
 */
export function additionsFrom(source: string): readonly string[] {
  return rollups.map(({ table, grain, dimensions }) => {
    const key = ['org_id', 'at', ...dimensions].join(', ')
    const added = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')
    return `added_to_${table} as (
      insert into ${table} (${key}, ${sums.join(', ')})
      select org_id, ${grainOfCall(grain)}, ${dimensions.join(', ')}, count(*), sum(input_tokens), sum(output_tokens),
        sum(cost_nano_usd)
      from ${source} group by org_id, 2, ${dimensions.join(', ')} order by 2, ${dimensions.join(', ')}
      on conflict (${key}) do update set ${added})`
  })
}
