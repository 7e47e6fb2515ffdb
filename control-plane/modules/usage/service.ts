import type { FilterQuery } from '@mikro-orm/core'
import type { CallOutcome } from '../../../contract/events.ts'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { UsageRecord } from './entity.ts'

/** Which calls; all conditions must hold. */
export interface UsageFilter {
  readonly virtualKeyId?: string | null | undefined
  readonly userId?: string | null | undefined
  readonly teamId?: string | null | undefined
  readonly businessUnitId?: string | null | undefined
  readonly customerId?: string | null | undefined
  readonly providerId?: string | null | undefined
  readonly outcome?: CallOutcome | null | undefined
  readonly requestId?: string | null | undefined
  /** Begun at this time or later. */
  readonly from?: Date | null | undefined
  /** Begun before this time. */
  readonly to?: Date | null | undefined
}

export interface UsageTotals {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costNanoUsd: bigint
}

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

/** A filter with its `within` as a point in time. @param now Milliseconds since the epoch. @throws BadUserInput */
export function usageFilterOf(
  { within, ...filter }: UsageFilter & { readonly within?: number | null | undefined },
  now: number,
): UsageFilter {
  if (within == null) return filter
  if (filter.from != null) throw new BadUserInput('filter.within', 'cannot be combined with "from"')
  return { ...filter, from: new Date(now - within * 1000) }
}

/** The condition for the calls that match and that the actor may see. */
export function usageCondition(actor: Actor, filter: UsageFilter): FilterQuery<UsageRecord> {
  const { from, to, ...equal } = filter
  const conditions = Object.entries(equal).filter(([, value]) => value != null)
  return {
    ...Object.fromEntries(conditions),
    ...((from || to) && { at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
    ...(actor.workspaceIds !== null && { workspaceId: { $in: [...actor.workspaceIds] } }),
  } as FilterQuery<UsageRecord>
}

/** Sums over all matching calls, on whatever page they are. */
export function readUsageTotals(
  context: ServiceContext,
  actor: Actor,
  filter: UsageFilter,
): Promise<UsageTotals> {
  actor.require('usage:view')
  const { conditions, values } = totalsCondition(actor, filter)
  return transactionOf(context, actor, async (em) => {
    const [sums] = await em.execute<Record<keyof UsageTotals, string>[]>(
      `select ${sumColumns} from usage_records where ${conditions.join(' and ')}`,
      [...values],
    )
    return totalsOf(sums ?? {})
  })
}

export const sumColumns = `count(*) as requests, coalesce(sum(input_tokens), 0) as "inputTokens",
  coalesce(sum(output_tokens), 0) as "outputTokens", coalesce(sum(cost_nano_usd), 0) as "costNanoUsd"`

/** Reads what `sumColumns` select; PostgreSQL gives sums as text. */
export function totalsOf(row: Readonly<Record<string, unknown>>): UsageTotals {
  return {
    requests: Number(row.requests ?? 0),
    inputTokens: Number(row.inputTokens ?? 0),
    outputTokens: Number(row.outputTokens ?? 0),
    costNanoUsd: BigInt(String(row.costNanoUsd ?? 0)),
  }
}

/** The condition in SQL, its parts and their values, for the sums. */
export function totalsCondition(actor: Actor, filter: UsageFilter) {
  const wanted: (readonly [condition: string, value: unknown])[] = [
    ['org_id = ?', actor.organizationId],
    [
      'workspace_id in (select jsonb_array_elements_text(?::jsonb))',
      actor.workspaceIds && JSON.stringify(actor.workspaceIds),
    ],
    ['at >= ?', filter.from],
    ['at < ?', filter.to],
    ...Object.entries(filterColumns).map(
      ([field, column]) => [`${column} = ?`, filter[field as keyof typeof filterColumns]] as const,
    ),
  ]
  const used = wanted.filter(([, value]) => value != null)
  return { conditions: used.map(([condition]) => condition), values: used.map(([, value]) => value) }
}
