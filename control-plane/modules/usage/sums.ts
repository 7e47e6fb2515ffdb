import type { Actor } from '../../actor.ts'
import { owned } from '../../db/visible-rows.ts'
import { visibleRowsOf } from '../../service-context.ts'
import { grainMs } from './grains.ts'
import { cutSpans, type Readable, type Span, summedSpans } from './pieces.ts'
import { type Rollup, rollupsWith, type UsageColumn } from './rollups.ts'
import { unsummedTable } from './unsummed.ts'

export interface UsageTotals {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: bigint
}

/** Which calls, whenever they began; all conditions must hold. */
export interface MatchingCalls {
  /** A column has one of the values. */
  readonly anyOf: Readonly<Partial<Record<UsageColumn | 'request_id', readonly string[]>>>
  /** The key has one of the tags. */
  readonly tags?: readonly string[] | undefined
}

/** `org_id` is the same of all; `tag` is each tag that the key has now. */
export type SummedColumn = UsageColumn | 'org_id' | 'tag'

/** What sums are wanted: of which calls, by which columns. */
export interface WantedSums {
  readonly calls: MatchingCalls
  readonly columns: readonly SummedColumn[]
  /** When the calls began: spans that follow each other. */
  readonly spans: readonly Span[]
  /** Whether each span has sums of its own, in `interval`: 1 is the first. */
  readonly byInterval: boolean
  /** In milliseconds since the epoch. */
  readonly now: number
}

export interface Statement {
  readonly sql: string
  readonly values: readonly string[]
}

interface Condition extends Statement {
  /** What it asks of a table. */
  readonly columns: readonly string[]
}

/** The sums of minutes are kept a day longer than they are read: clocks of control planes differ. */
export const minutesKeptMs = 7 * grainMs.day
const minutesReadMs = 6 * grainMs.day

const sumsOf = `coalesce(sum(requests), 0) as requests, coalesce(sum(input_tokens), 0) as input_tokens,
  coalesce(sum(output_tokens), 0) as output_tokens, coalesce(sum(cost_nano_usd), 0) as cost_nano_usd`

/** Adds up the matching calls; rows are ordered by interval and columns. */
export function sumsStatement(actor: Actor, wanted: WantedSums): Statement {
  const source = sourceOf(actor, wanted)
  const names = [...(wanted.byInterval ? ['interval'] : []), ...wanted.columns]
  const summed = wanted.columns.includes('tag') ? withTags(actor, source, names) : source
  const positions = names.map((_, index) => index + 1).join(', ')
  return {
    sql: `select ${names.map((name) => `${name}, `).join('')}${sumsOf} from (${summed.sql}) matching
      ${names.length > 0 ? `group by ${positions} order by ${positions}` : ''}`,
    values: summed.values,
  }
}

/** Reads one row of a `sumsStatement`; PostgreSQL gives sums as text. */
export function totalsOf(row: Readonly<Record<string, unknown>>): UsageTotals {
  return {
    requests: Number(row.requests ?? 0),
    inputTokens: Number(row.input_tokens ?? 0),
    outputTokens: Number(row.output_tokens ?? 0),
    costNanoUsd: BigInt(String(row.cost_nano_usd ?? 0)),
  }
}

/** No later than the first of the matching calls, and of the same day. */
export function firstDayStatement(actor: Actor, calls: MatchingCalls): Statement {
  const { sql, values, columns } = conditionOf(actor, calls)
  const summed = rollupsWith(columns).find(({ grain }) => grain === 'day' || grain === 'hour')
  const earliest = [summed?.table ?? 'usage_records', unsummedTable].map(
    (table) => `select min(at) as at from ${table} where ${sql}`,
  )
  return {
    sql: `select min(at) as at from (${earliest.join(' union all ')}) earliest`,
    values: [...values, ...values],
  }
}

/**
 * Once for each tag of a call's key; without a tag once, with null. Lists of tags are few beside the keys that have them, so
 * these are summed before.
 */
function withTags(actor: Actor, source: Statement, names: readonly string[]): Statement {
  const inner = names.map((name) => (name === 'tag' ? 'tags' : name)).join(', ')
  return {
    sql: `select * from (select ${inner}, ${sumsOf} from (${source.sql}) calls
        left join (select id, tags from virtual_keys where org_id = ?) tagged on id = virtual_key_id
        group by ${inner}) of_tags
      left join lateral jsonb_array_elements_text(tags) as listed (tag) on true`,
    values: [...source.values, actor.organizationId],
  }
}

function sourceOf(actor: Actor, { calls, columns, spans, byInterval, now }: WantedSums): Statement {
  const matching = conditionOf(actor, calls)
  const read = [...new Set(columns.map((column) => (column === 'tag' ? 'virtual_key_id' : column)))]
  const tables = readableFor([...read, ...matching.columns], now)
  const selected = [
    ...(byInterval ? ['width_bucket(at, (select bounds from intervals)) as interval'] : []),
    ...read,
  ]
  const pieces = cutSpans(spans, tables)
  const parts = [...Map.groupBy(pieces, ({ grain }) => grain)].map(([grain, ofGrain]) => {
    const rollup = tables.find((one) => one.grain === grain)
    return partOf(rollup ? sumsIn(rollup) : allCalls, ofGrain, selected, matching)
  })
  const summed = summedSpans(pieces)
  if (summed.length > 0) parts.push(partOf(unsummedCalls, summed, selected, matching))
  // Of no time at all there are no calls.
  if (parts.length === 0) parts.push(partOf(allCalls, [{ from: 0, to: 0 }], selected, matching))
  const union = parts.map(({ sql }) => sql).join(' union all ')
  const values = parts.flatMap((part) => part.values)
  if (!byInterval) return { sql: union, values }
  return {
    sql: `with intervals as (select string_to_array(?, ',')::timestamptz[] as bounds) ${union}`,
    values: [spans.map(({ from }) => timeText(from)).join(','), ...values],
  }
}

/** The smallest table of each grain that has all columns, the coarsest first. */
function readableFor(columns: readonly string[], now: number): readonly (Readable & Rollup)[] {
  return rollupsWith(columns.filter((column) => column !== 'org_id')).map((rollup) => ({
    ...rollup,
    since: rollup.grain === 'minute' ? now - minutesReadMs : -Infinity,
  }))
}

interface Source {
  readonly table: string
  readonly requests: string
}

const sumsIn = ({ table }: Rollup): Source => ({ table, requests: 'requests' })
const allCalls: Source = { table: 'usage_records', requests: '1 as requests' }
const unsummedCalls: Source = { table: unsummedTable, requests: '1 as requests' }

/** The rows of sums or of calls that begin in one of the pieces. */
function partOf(
  { table, requests }: Source,
  pieces: readonly Span[],
  selected: readonly string[],
  matching: Condition,
): Statement {
  const columns = [...selected, requests, 'input_tokens', 'output_tokens', 'cost_nano_usd'].join(', ')
  const [piece, ...others] = pieces
  const from = `from ${table}`
  if (others.length === 0 && piece) {
    const within = withinSpan(piece)
    return {
      sql: `select ${columns} ${from} where ${matching.sql}${within.sql}`,
      values: [...matching.values, ...within.values],
    }
  }
  const list = pieces.map((span) => ({ begins: timeText(span.from), ends: timeText(span.to) }))
  // Piece by piece: "offset 0" keeps it from being taken for a join of everything, for which no index would be used.
  return {
    sql: `select of_piece.* from jsonb_to_recordset(?::jsonb) as piece (begins timestamptz, ends timestamptz)
      cross join lateral (select ${columns} ${from} where ${matching.sql} and at >= begins and at < ends offset 0) of_piece`,
    values: [JSON.stringify(list), ...matching.values],
  }
}

function withinSpan({ from, to }: Span): Statement {
  return {
    sql: `${Number.isFinite(from) ? ' and at >= ?' : ''}${Number.isFinite(to) ? ' and at < ?' : ''}`,
    values: [from, to].filter(Number.isFinite).map(timeText),
  }
}

/** As PostgreSQL reads it, which knows neither a sign before a year nor more than four digits of one. */
function timeText(time: number): string {
  if (time === -Infinity) return '-infinity'
  return time === Infinity ? 'infinity' : new Date(time).toISOString()
}

function conditionOf(actor: Actor, { anyOf, tags }: MatchingCalls): Condition {
  const rows = visibleRowsOf(actor)
  const parts: Condition[] = [
    { sql: 'org_id = ?', values: [actor.organizationId], columns: [] },
    ...(actor.workspaceIds === null ? [] : [oneOf('workspace_id', actor.workspaceIds)]),
    ...(rows === null ? [] : [{ ...owned(rows), columns: ['user_id', 'team_id'] }]),
    ...Object.entries(anyOf).map(([column, values]) => oneOf(column, values)),
    ...(tags === undefined ? [] : [ofTaggedKeys(actor, tags)]),
  ]
  return {
    sql: parts.map(({ sql }) => sql).join(' and '),
    values: parts.flatMap(({ values }) => values),
    columns: parts.flatMap(({ columns }) => columns),
  }
}

function oneOf(column: string, values: readonly string[]): Condition {
  const [value, ...others] = values
  if (value !== undefined && others.length === 0) return { sql: `${column} = ?`, values, columns: [column] }
  return {
    sql: `${column} in (select jsonb_array_elements_text(?::jsonb))`,
    values: [JSON.stringify(values)],
    columns: [column],
  }
}

function ofTaggedKeys({ organizationId }: Actor, tags: readonly string[]): Condition {
  const any = ['false', ...tags.map(() => 'tags @> ?::jsonb')].join(' or ')
  return {
    sql: `virtual_key_id in (select id from virtual_keys where org_id = ? and (${any}))`,
    values: [organizationId, ...tags.map((tag) => JSON.stringify([tag]))],
    columns: ['virtual_key_id'],
  }
}
