import type { CallOutcome } from '../../../contract/events.ts'
import { checkTags } from '../virtual-keys/index.ts'
import type { UsageColumn } from './rollups.ts'
import type { UsageFilter } from './service.ts'
import type { MatchingCalls } from './sums.ts'

type Values<Value extends string = string> = readonly Value[] | null | undefined

/** Which calls are summed; all conditions must hold, of a list one entry. */
export interface UsageSummaryFilter {
  readonly workspaceIds?: Values
  readonly customerIds?: Values
  readonly businessUnitIds?: Values
  readonly teamIds?: Values
  readonly userIds?: Values
  readonly virtualKeyIds?: Values
  readonly tags?: Values
  readonly providerIds?: Values
  readonly models?: Values
  readonly upstreamModels?: Values
  readonly outcomes?: Values<CallOutcome>
  /** Begun at this time or later. */
  readonly from?: Date | null | undefined
  /** Begun before this time. */
  readonly to?: Date | null | undefined
}

const columns = {
  workspaceIds: 'workspace_id',
  customerIds: 'customer_id',
  businessUnitIds: 'business_unit_id',
  teamIds: 'team_id',
  userIds: 'user_id',
  virtualKeyIds: 'virtual_key_id',
  providerIds: 'provider_id',
  models: 'requested_model',
  upstreamModels: 'upstream_model',
  outcomes: 'outcome',
} as const satisfies Partial<Record<keyof UsageSummaryFilter, UsageColumn>>

/** @throws BadUserInput */
export function matchingCallsOf(filter: UsageSummaryFilter): MatchingCalls {
  const anyOf = Object.entries(columns).flatMap(([field, column]) => {
    const values = filter[field as keyof typeof columns]
    return values == null ? [] : [[column, values] as const]
  })
  return {
    anyOf: Object.fromEntries(anyOf),
    tags: filter.tags == null ? undefined : checkTags('filter.tags', filter.tags),
  }
}

const listedColumns = {
  virtualKeyId: 'virtual_key_id',
  userId: 'user_id',
  teamId: 'team_id',
  businessUnitId: 'business_unit_id',
  customerId: 'customer_id',
  providerId: 'provider_id',
  outcome: 'outcome',
  requestId: 'request_id',
} as const satisfies Partial<Record<keyof UsageFilter, keyof MatchingCalls['anyOf']>>

/** The same of the filter by which calls are listed. */
export function listedCallsOf(filter: UsageFilter): MatchingCalls {
  const anyOf = Object.entries(listedColumns).flatMap(([field, column]) => {
    const value = filter[field as keyof typeof listedColumns]
    return value == null ? [] : [[column, [value]] as const]
  })
  return { anyOf: Object.fromEntries(anyOf) }
}
