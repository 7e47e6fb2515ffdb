import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { checkTimeZone } from '../../time-zone.ts'
import { intervalBounds, type UsageInterval } from './intervals.ts'
import type { Span } from './pieces.ts'
import type { UsageFilter } from './service.ts'
import { listedCallsOf, matchingCallsOf, type UsageSummaryFilter } from './summary-filter.ts'
import {
  firstDayStatement,
  type Statement,
  type SummedColumn,
  sumsStatement,
  totalsOf,
  type UsageTotals,
} from './sums.ts'

/** What calls can be grouped by; each with its column. */
export const usageDimensions = {
  ORGANIZATION: 'org_id',
  WORKSPACE: 'workspace_id',
  CUSTOMER: 'customer_id',
  BUSINESS_UNIT: 'business_unit_id',
  TEAM: 'team_id',
  USER: 'user_id',
  VIRTUAL_KEY: 'virtual_key_id',
  TAG: 'tag',
  PROVIDER: 'provider_id',
  MODEL: 'requested_model',
  UPSTREAM_MODEL: 'upstream_model',
  OUTCOME: 'outcome',
} as const satisfies Readonly<Record<string, SummedColumn>>
export type UsageDimension = keyof typeof usageDimensions

/** What is summed, and into which groups. */
export interface UsageQuery {
  readonly groupBy: readonly UsageDimension[]
  /** Undefined: all time in one. */
  readonly interval?: UsageInterval | undefined
  /** Of the intervals; UTC unless given. */
  readonly timeZone?: string | undefined
  readonly filter: UsageSummaryFilter
}

/** The calls that have these values in common. A dimension that was not asked for is absent. */
export interface UsageGroup {
  /** When their interval began; null when none was asked for. */
  readonly from: Date | null
  readonly values: Readonly<Partial<Record<UsageDimension, string | null>>>
  readonly totals: UsageTotals
}

export const mostUsageGroups = 2_000
export const mostUsageIntervals = 2_000

/**
 * Sums the matching calls by interval and the asked dimensions, in this order.
 *
 * @throws BadUserInput when nothing to group by is given, or one twice, or when there are too many intervals or groups.
 */
export async function summarizeUsage(
  context: ServiceContext,
  actor: Actor,
  query: UsageQuery,
): Promise<readonly UsageGroup[]> {
  actor.require('usage:view')
  checkUsageQuery(query)
  return transactionOf(context, actor, async (em) => {
    const prepared = await prepareSummary(context, actor, em, query)
    const rows = await em.execute<object[]>(`${prepared.sql} limit ${mostUsageGroups + 1}`, [
      ...prepared.values,
    ])
    if (rows.length > mostUsageGroups) {
      throw new BadUserInput(
        'groupBy',
        `gives more than ${mostUsageGroups} groups: narrow the filter, name fewer dimensions or a longer interval`,
      )
    }
    return rows.map(prepared.groupOf)
  })
}

/** @throws BadUserInput */
function checkUsageQuery({ groupBy, interval, timeZone }: UsageQuery): void {
  if (groupBy.length === 0 && interval === undefined) {
    throw new BadUserInput('groupBy', 'must name at least one dimension, unless interval is given')
  }
  if (new Set(groupBy).size < groupBy.length) throw new BadUserInput('groupBy', 'names one twice')
  if (timeZone === undefined) return
  checkTimeZone('timeZone', timeZone)
  if (interval === undefined) throw new BadUserInput('timeZone', 'is that of intervals: give interval too')
}

/** A statement, and what its rows mean. */
interface PreparedSummary extends Statement {
  readonly groupOf: (row: object) => UsageGroup
}

/** @throws BadUserInput when there are too many intervals. */
async function prepareSummary(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  query: UsageQuery,
): Promise<PreparedSummary> {
  const { groupBy, filter, interval } = query
  const now = context.now()
  const calls = matchingCallsOf(filter)
  const asked = spanOf(filter)
  const columns = groupBy.map((dimension) => usageDimensions[dimension])
  if (interval === undefined) {
    const statement = sumsStatement(actor, { calls, columns, spans: [asked], byInterval: false, now })
    return { ...statement, groupOf: (row) => groupOf(row, groupBy, null) }
  }
  const first =
    asked.from === -Infinity ? await readFirstDay(em, firstDayStatement(actor, calls)) : asked.from
  const spans = intervalsIn({ ...asked, from: first }, interval, query.timeZone ?? 'UTC', now)
  const statement = sumsStatement(actor, { calls, columns, spans, byInterval: true, now })
  return { ...statement, groupOf: (row) => groupOf(row, groupBy, beginOf(row, spans)) }
}

interface Interval extends Span {
  /** Before `from` where the asked time begins within it. */
  readonly begins: number
}

/** The intervals of the asked time, the last of them that of now unless an end was asked for. */
function intervalsIn(asked: Span, interval: UsageInterval, timeZone: string, now: number): Interval[] {
  const end = asked.to === Infinity ? now + 1 : asked.to
  if (asked.from >= end) return []
  const bounds = intervalBounds({ interval, timeZone, from: asked.from, to: end }, mostUsageIntervals)
  if (bounds.length - 1 > mostUsageIntervals) {
    throw new BadUserInput(
      'interval',
      `${interval} gives more than ${mostUsageIntervals} intervals: set filter.from and filter.to closer, or take a longer one`,
    )
  }
  return bounds.slice(1).map((next, index) => {
    const begins = bounds[index] ?? next
    return { begins, from: Math.max(begins, asked.from), to: Math.min(next, asked.to) }
  })
}

function beginOf(row: object, spans: readonly Interval[]): Date | null {
  const number = (row as { interval: number }).interval
  const span = spans[number - 1]
  return span ? new Date(span.begins) : null
}

function groupOf(row: object, groupBy: readonly UsageDimension[], from: Date | null): UsageGroup {
  const columns = row as Readonly<Record<string, string | null>>
  return {
    from,
    values: Object.fromEntries(
      groupBy.map((dimension) => [dimension, columns[usageDimensions[dimension]] ?? null]),
    ),
    totals: totalsOf(columns),
  }
}

function spanOf({ from, to }: Pick<UsageSummaryFilter, 'from' | 'to'>): Span {
  return { from: from?.getTime() ?? -Infinity, to: to?.getTime() ?? Infinity }
}

/** Of no calls it never comes. */
async function readFirstDay(em: EntityManager, { sql, values }: Statement): Promise<number> {
  const [row] = await em.execute<{ at: Date | string | null }[]>(sql, [...values])
  return row?.at == null ? Infinity : new Date(row.at).getTime()
}

/** Sums over all calls that a list has, on whatever page they are. */
export async function readUsageTotals(
  context: ServiceContext,
  actor: Actor,
  filter: UsageFilter,
): Promise<UsageTotals> {
  actor.require('usage:view')
  const wanted = { calls: listedCallsOf(filter), columns: [], spans: [spanOf(filter)], byInterval: false }
  const { sql, values } = sumsStatement(actor, { ...wanted, now: context.now() })
  const [sums = {}] = await transactionOf(context, actor, (em) => em.execute<object[]>(sql, [...values]))
  return totalsOf({ ...sums })
}
