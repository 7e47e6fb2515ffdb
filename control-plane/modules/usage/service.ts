import type { FilterQuery } from '@mikro-orm/core'
import type { CallOutcome } from '../../../contract/events.ts'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
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

/** A filter with its `within` as a point in time. @param now Milliseconds since the epoch. @throws BadUserInput */
export function usageFilterOf<Filter extends Pick<UsageFilter, 'from'>>(
  { within, ...filter }: Filter & { readonly within?: number | null | undefined },
  now: number,
): Omit<Filter, 'within'> {
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
