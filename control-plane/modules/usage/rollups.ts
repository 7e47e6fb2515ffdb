import { type Grain, grains } from './grains.ts'

const model = ['provider_id', 'requested_model', 'upstream_model', 'outcome'] as const
const unit = ['customer_id', 'business_unit_id'] as const
const team = ['team_id', ...unit] as const
/** What sums are kept by. */
export const usageColumns = ['workspace_id', 'virtual_key_id', 'user_id', ...team, ...model] as const
export type UsageColumn = (typeof usageColumns)[number]

export interface Rollup {
  readonly table: string
  readonly grain: Grain
  readonly dimensions: readonly UsageColumn[]
}

const rollup = (name: string, grain: Grain, ...dimensions: readonly UsageColumn[]): Rollup => ({
  table: `usage_by_${name}_${grain}`,
  grain,
  dimensions: ['workspace_id', ...dimensions],
})

/**
 * The sums of the calls of a minute, quarter of an hour, hour, day, month or year that have these columns in common;
 * first those that have fewer rows for the same time.
 */
export const rollups: readonly Rollup[] = [
  rollup('team', 'month', ...team),
  rollup('model', 'day', ...model),
  rollup('provider', 'month', 'provider_id', ...team),
  rollup('unit', 'day', ...unit),
  rollup('key', 'year', 'virtual_key_id', 'user_id', 'team_id'),
  rollup('unit_model', 'month', ...unit, ...model),
  rollup('team', 'day', ...team),
  rollup('model', 'hour', ...model),
  rollup('key', 'month', 'virtual_key_id', 'user_id', 'team_id'),
  rollup('unit', 'hour', ...unit),
  rollup('model', 'quarter', ...model),
  rollup('provider', 'day', 'provider_id', ...team),
  rollup('user', 'day', 'user_id', 'team_id'),
  rollup('unit_model', 'day', ...unit, ...model),
  rollup('team', 'hour', ...team),
  rollup('model', 'minute', ...model),
  rollup('call', 'hour', 'virtual_key_id', 'user_id', ...team, ...model),
]

/**
 * What sums by these columns are read from, the coarsest grain first: of each grain the table with the fewest rows, unless
 * a finer one has fewer.
 */
export function rollupsWith(columns: Iterable<string>): readonly Rollup[] {
  const wanted = [...columns]
  const capable = rollups.filter(({ dimensions }) =>
    wanted.every((column) => (dimensions as readonly string[]).includes(column)),
  )
  const chosen: Rollup[] = []
  for (const grain of finestFirst) {
    const smallest = capable.find((one) => one.grain === grain)
    if (smallest && chosen.every((finer) => capable.indexOf(smallest) < capable.indexOf(finer))) {
      chosen.unshift(smallest)
    }
  }
  return chosen
}

const finestFirst = [...grains].reverse()

export const grainOfCall = (grain: Grain) =>
  grain === 'quarter' ? `date_bin('15 minutes', at, 'epoch')` : `date_trunc('${grain}', at, 'UTC')`

const sums = ['requests', 'input_tokens', 'output_tokens', 'cost_nano_usd'] as const

/**
 * A statement that adds the calls of `source` to a table of sums. In the order of their keys: two statements that add to
 * the same rows must not wait for each other.
 */
export function additionTo({ table, grain, dimensions }: Rollup, source: string): string {
  const key = ['org_id', 'at', ...dimensions].join(', ')
  const added = sums.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')
  return `insert into ${table} (${key}, ${sums.join(', ')})
    select org_id, ${grainOfCall(grain)}, ${dimensions.join(', ')}, count(*), sum(input_tokens), sum(output_tokens),
      sum(cost_nano_usd)
    from ${source} group by org_id, 2, ${dimensions.join(', ')} order by 2, ${dimensions.join(', ')}
    on conflict (${key}) do update set ${added}`
}
