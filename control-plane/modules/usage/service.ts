import type { FilterQuery } from '@mikro-orm/core'
import type { CallOutcome } from '../../../contract/events.ts'
import type { Actor } from '../../actor.ts'
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
} as const satisfies Partial<Record<keyof UsageFilter, string>>

/** The condition for the calls that match and that the actor may see. */
export function usageCondition(actor: Actor, filter: UsageFilter): FilterQuery<UsageRecord> {
  const { from, to, ...equal } = filter
  const conditions = Object.entries(equal).filter(([, value]) => value != null)
  return {
    ...Object.fromEntries(conditions),
    ...((from || to) && { at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
    ...(actor.workspaceId !== null && { workspaceId: actor.workspaceId }),
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
      `select count(*) as requests, coalesce(sum(input_tokens), 0) as "inputTokens",
         coalesce(sum(output_tokens), 0) as "outputTokens", coalesce(sum(cost_nano_usd), 0) as "costNanoUsd"
       from usage_records where ${conditions.join(' and ')}`,
      [...values],
    )
    return {
      requests: Number(sums?.requests ?? 0),
      inputTokens: Number(sums?.inputTokens ?? 0),
      outputTokens: Number(sums?.outputTokens ?? 0),
      costNanoUsd: BigInt(sums?.costNanoUsd ?? 0),
    }
  })
}

function totalsCondition(actor: Actor, filter: UsageFilter) {
  const wanted: (readonly [condition: string, value: unknown])[] = [
    ['org_id = ?', actor.organizationId],
    ['workspace_id = ?', actor.workspaceId],
    ['at >= ?', filter.from],
    ['at < ?', filter.to],
    ...Object.entries(filterColumns).map(
      ([field, column]) => [`${column} = ?`, filter[field as keyof typeof filterColumns]] as const,
    ),
  ]
  const used = wanted.filter(([, value]) => value != null)
  return { conditions: used.map(([condition]) => condition), values: used.map(([, value]) => value) }
}
