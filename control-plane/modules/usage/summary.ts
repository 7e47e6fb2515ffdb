import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { sumColumns, totalsCondition, totalsOf, type UsageFilter, type UsageTotals } from './service.ts'

/** What calls can be grouped by; each with its column or expression. */
export const usageDimensions = {
  DAY: `date_trunc('day', at at time zone 'UTC') at time zone 'UTC'`,
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

export const mostUsageGroups = 1_000

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
  const { conditions, values } = totalsCondition(actor, filter)
  const columns = dimensions.map((dimension) => `${usageDimensions[dimension]} as "${dimension}"`)
  const positions = dimensions.map((_, index) => index + 1).join(', ')
  const rows = await transactionOf(context, actor, (em) =>
    em.execute<Record<string, string | Date | null>[]>(
      `select ${columns.join(', ')}, ${sumColumns} from usage_records where ${conditions.join(' and ')}
       group by ${positions} order by ${positions} limit ${mostUsageGroups + 1}`,
      [...values],
    ),
  )
  if (rows.length > mostUsageGroups) {
    throw new BadUserInput('groupBy', `gives more than ${mostUsageGroups} groups: narrow the filter`)
  }
  return rows.map((row) => ({
    values: Object.fromEntries(dimensions.map((dimension) => [dimension, row[dimension] ?? null])),
    totals: totalsOf(row),
  }))
}
