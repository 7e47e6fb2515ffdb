import { type FilterQuery, sql } from '@mikro-orm/core'
import type { CallOutcome } from '../../../contract/events.ts'
import type { Actor } from '../../actor.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type UsageRecord, UsageRecordEntity } from './entity.ts'

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
  return transactionOf(context, actor, async (em) => {
    const [sums] = await em
      .createQueryBuilder(UsageRecordEntity, 'record')
      .select([
        sql`count(*)`.as('requests'),
        sql`sum(record.input_tokens)`.as('inputTokens'),
        sql`sum(record.output_tokens)`.as('outputTokens'),
        sql`sum(record.cost_nano_usd)`.as('costNanoUsd'),
      ])
      .where(usageCondition(actor, filter))
      .execute<Record<keyof UsageTotals, string | null>[]>('all', false)
    return {
      requests: Number(sums?.requests ?? 0),
      inputTokens: Number(sums?.inputTokens ?? 0),
      outputTokens: Number(sums?.outputTokens ?? 0),
      costNanoUsd: BigInt(sums?.costNanoUsd ?? 0),
    }
  })
}
