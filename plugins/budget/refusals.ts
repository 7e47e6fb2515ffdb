import { Denied } from 'gatehouse/plugin-sdk'
import { decimalUsd, type LimitReached, type Shortfall } from 'gatehouse/plugin-sdk/builtin'

const leaseRetrySeconds = 2

export function limitRefusal({ limit: { scope, max }, retryAfterMs }: LimitReached, now: number): Denied {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new Denied(
    'request_limited',
    `The ${nameOf(scope)} limit of ${max} requests is reached: try again in ${retryAfterSeconds} s`,
    { scope, unit: 'requests', limit: max, resets_at: timeOf(now + retryAfterMs), retryAfterSeconds },
  )
}

/** @param showsAmounts Whether the organization lets its callers read how much money is in a budget. */
export function shortfallRefusal(shortfall: Shortfall, showsAmounts: boolean, now: number): Denied {
  const { reason, scope, limitNanoUsd, settledNanoUsd, resetsAt } = shortfall
  if (reason === 'unavailable') {
    return new Denied('budget_unavailable', `The ${nameOf(scope)} budget cannot be checked right now`, {
      scope,
      retryAfterSeconds: leaseRetrySeconds,
    })
  }
  const amount = showsAmounts ? ` of $${decimalUsd(limitNanoUsd)}` : ''
  const reset = resetsAt === null ? 'never resets' : `resets at ${resetsAt}`
  return new Denied(
    'budget_exceeded',
    `The ${nameOf(scope)} budget${amount} has no room for this call and ${reset}`,
    {
      scope,
      ...(showsAmounts && { unit: 'usd', limit: decimalUsd(limitNanoUsd) }),
      ...(showsAmounts && settledNanoUsd !== null && { used: decimalUsd(settledNanoUsd) }),
      ...(resetsAt !== null && { resets_at: resetsAt, retryAfterSeconds: secondsUntil(resetsAt, now) }),
    },
  )
}

export function unpricedRefusal(model: string): Denied {
  return new Denied('price_unknown', `The model "${model}" has no price, and a budget governs this call`, {
    param: 'model',
  })
}

/** A call whose cost a field makes impossible to bound. */
export function unboundedRefusal(field: string, why: string): Denied {
  return new Denied('price_unknown', `The cost of this call cannot be bounded: ${field} ${why}`, {
    param: field,
  })
}

function nameOf(scope: string): string {
  return scope.replaceAll('_', ' ')
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function secondsUntil(time: string, now: number): number {
  return Math.max(1, Math.ceil((Date.parse(time) - now) / 1000))
}
