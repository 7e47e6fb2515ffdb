import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { ServiceContext } from '../../service-context.ts'
import type { UsageFilter } from './service.ts'
import { readSums, totalsOf, type UsageTotals } from './sums.ts'

/** What calls can be grouped by; each with its column. */
export const usageDimensions = {
  DAY: 'day',
  MODEL: 'requested_model',
  PROVIDER: 'provider_id',
  OUTCOME: 'outcome',
  VIRTUAL_KEY: 'virtual_key_id',
  USER: 'user_id',
  TEAM: 'team_id',
  BUSINESS_UNIT: 'business_unit_id',
  CUSTOMER: 'customer_id',
} as const
export type UsageDimension = keyof typeof usageDimensions

/** The calls that have these values in common. A dimension that was not asked for is absent. */
export interface UsageGroup {
  readonly values: Readonly<Partial<Record<UsageDimension, string | Date | null>>>
  readonly totals: UsageTotals
}

export const mostUsageGroups = 2_000

/**
 * Sums the matching calls by the asked dimensions, in their order.
 *
 * @throws BadUserInput when a dimension is doubled, or when there are too many groups.
 */
export async function summarizeUsage(
  context: ServiceContext,
  actor: Actor,
  filter: UsageFilter,
  dimensions: readonly UsageDimension[],
): Promise<readonly UsageGroup[]> {
  actor.require('usage:view')
  if (dimensions.length === 0) throw new BadUserInput('groupBy', 'must name at least one dimension')
  if (new Set(dimensions).size < dimensions.length) throw new BadUserInput('groupBy', 'names one twice')
  const rows = await readSums(context, actor, {
    filter,
    columns: dimensions.map((dimension) => usageDimensions[dimension]),
    mostRows: mostUsageGroups + 1,
  })
  if (rows.length > mostUsageGroups) {
    throw new BadUserInput('groupBy', `gives more than ${mostUsageGroups} groups: narrow the filter`)
  }
  return rows.map((row) => ({
    values: Object.fromEntries(
      dimensions.map((dimension) => [dimension, row[usageDimensions[dimension]] ?? null]),
    ),
    totals: totalsOf(row),
  }))
}

/** Sums over all matching calls, on whatever page they are. */
export async function readUsageTotals(
  context: ServiceContext,
  actor: Actor,
  filter: UsageFilter,
): Promise<UsageTotals> {
  actor.require('usage:view')
  const [sums = {}] = await readSums(context, actor, { filter, columns: [], mostRows: 1 })
  return totalsOf(sums)
}
