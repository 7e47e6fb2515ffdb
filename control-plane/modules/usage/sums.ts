import type { Actor } from '../../actor.ts'
import { owned } from '../../db/visible-rows.ts'
import { type ServiceContext, transactionOf, visibleRowsOf } from '../../service-context.ts'
import { dayOfCall, type Rollup, rollupWith } from './rollups.ts'
import type { UsageFilter } from './service.ts'

export interface UsageTotals {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: bigint
}

/** What sums are wanted: of which calls, by which columns; `day` is the day on which they began, in UTC. */
export interface WantedSums {
  readonly filter: UsageFilter
  readonly columns: readonly string[]
  readonly mostRows: number
}

type Value = string | Date
interface Part {
  readonly sql: string
  readonly values: readonly Value[]
}

const dayMs = 86_400_000
const filterColumns = {
  virtualKeyId: 'virtual_key_id',
  userId: 'user_id',
  teamId: 'team_id',
  businessUnitId: 'business_unit_id',
  customerId: 'customer_id',
  providerId: 'provider_id',
  outcome: 'outcome',
  requestId: 'request_id',
} as const satisfies Partial<Record<keyof UsageFilter, string>>

/**
 * Adds up the matching calls, from the sums of their days where a day is asked for as a whole, and from the calls
 * themselves where it is not.
 */
export function readSums(
  context: ServiceContext,
  actor: Actor,
  { filter, columns, mostRows }: WantedSums,
): Promise<Record<string, unknown>[]> {
  const source = sourceOf(actor, filter, columns)
  const positions = columns.map((_, index) => index + 1).join(', ')
  const names = columns.map((column) => `${column}, `).join('')
  return transactionOf(context, actor, (em) =>
    em.execute<Record<string, unknown>[]>(
      `select ${names}coalesce(sum(requests), 0) as requests, coalesce(sum(input_tokens), 0) as input_tokens,
         coalesce(sum(output_tokens), 0) as output_tokens, coalesce(sum(cost_nano_usd), 0) as cost_nano_usd
       from (${source.sql}) matching ${columns.length > 0 ? `group by ${positions} order by ${positions}` : ''}
       limit ${mostRows}`,
      [...source.values],
    ),
  )
}

/** Reads one row of `readSums`; PostgreSQL gives sums as text. */
export function totalsOf(row: Readonly<Record<string, unknown>>): UsageTotals {
  return {
    requests: Number(row.requests ?? 0),
    inputTokens: Number(row.input_tokens ?? 0),
    outputTokens: Number(row.output_tokens ?? 0),
    costNanoUsd: BigInt(String(row.cost_nano_usd ?? 0)),
  }
}

function sourceOf(actor: Actor, filter: UsageFilter, columns: readonly string[]): Part {
  const matching = matchingCalls(actor, filter)
  const rollup = rollupWith([...columns, ...matching.columns])
  const { from, to } = filter
  const [firstDay, endDay] = [from && new Date(dayUp(from)), to && new Date(dayDown(to))]
  if (!rollup || (firstDay && endDay && firstDay >= endDay)) return callsBetween(matching, columns, from, to)
  const parts = [daysBetween(rollup, matching, columns, firstDay, endDay)]
  if (from && firstDay && from < firstDay) parts.push(callsBetween(matching, columns, from, firstDay))
  if (to && endDay && endDay < to) parts.push(callsBetween(matching, columns, endDay, to))
  return {
    sql: parts.map(({ sql }) => sql).join(' union all '),
    values: parts.flatMap(({ values }) => values),
  }
}

type Bound = Date | null | undefined

function daysBetween(
  { table }: Rollup,
  matching: Part,
  columns: readonly string[],
  from: Bound,
  to: Bound,
): Part {
  const bounds = boundsOf('day', from, to)
  return {
    sql: `select ${columns.map((column) => `${column}, `).join('')}requests, input_tokens, output_tokens, cost_nano_usd
      from ${table} where ${matching.sql}${bounds.sql}`,
    values: [...matching.values, ...bounds.values],
  }
}

function callsBetween(matching: Part, columns: readonly string[], from: Bound, to: Bound): Part {
  const bounds = boundsOf('at', from, to)
  const selected = columns.map((column) => (column === 'day' ? `${dayOfCall} as day, ` : `${column}, `))
  return {
    sql: `select ${selected.join('')}1 as requests, input_tokens, output_tokens, cost_nano_usd
      from usage_records where ${matching.sql}${bounds.sql}`,
    values: [...matching.values, ...bounds.values],
  }
}

function boundsOf(column: 'day' | 'at', from: Bound, to: Bound): Part {
  return {
    sql: `${from ? ` and ${column} >= ?` : ''}${to ? ` and ${column} < ?` : ''}`,
    values: [...(from ? [from] : []), ...(to ? [to] : [])],
  }
}

/** The condition for calls whenever they began, and the columns that it asks of a table. */
function matchingCalls(actor: Actor, filter: UsageFilter): Part & { readonly columns: readonly string[] } {
  const equal = Object.entries(filterColumns).flatMap(([field, column]) => {
    const value = filter[field as keyof typeof filterColumns]
    return value == null ? [] : [{ sql: `${column} = ?`, values: [value], columns: [column] }]
  })
  const rows = visibleRowsOf(actor)
  const parts = [
    { sql: 'org_id = ?', values: [actor.organizationId], columns: [] },
    ...(actor.workspaceIds === null
      ? []
      : [
          {
            sql: 'workspace_id in (select jsonb_array_elements_text(?::jsonb))',
            values: [JSON.stringify(actor.workspaceIds)],
            columns: ['workspace_id'],
          },
        ]),
    ...(rows === null ? [] : [{ ...owned(rows), columns: ['user_id', 'team_id'] }]),
    ...equal,
  ]
  return {
    sql: parts.map(({ sql }) => sql).join(' and '),
    values: parts.flatMap(({ values }) => values),
    columns: parts.flatMap(({ columns }) => columns),
  }
}

const dayDown = (time: Date) => Math.floor(time.getTime() / dayMs) * dayMs
const dayUp = (time: Date) => Math.ceil(time.getTime() / dayMs) * dayMs
