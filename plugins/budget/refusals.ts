import { Denied } from 'gatehouse/plugin-sdk'
import { decimalUsd, type LimitReached, type Shortfall } from 'gatehouse/plugin-sdk/builtin'

const leaseRetrySeconds = 2

export function limitRefusal({ scope, maxRequests, retryAfterMs }: LimitReached): Denied {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new Denied(
    'request_limited',
    `The ${nameOf(scope)} limit of ${maxRequests} requests is reached: try again in ${retryAfterSeconds} s`,
    { scope, limit: maxRequests, retryAfterSeconds },
  )
}

export function shortfallRefusal(shortfall: Shortfall): Denied {
  const { reason, scope, limitNanoUsd, settledNanoUsd, resetsAt } = shortfall
  if (reason === 'unavailable') {
    return new Denied('budget_unavailable', `The ${nameOf(scope)} budget cannot be checked right now`, {
      scope,
      retryAfterSeconds: leaseRetrySeconds,
    })
  }
  const reset = resetsAt === null ? 'and never resets' : `and resets at ${resetsAt}`
  return new Denied(
    'budget_exceeded',
    `The ${nameOf(scope)} budget of $${decimalUsd(limitNanoUsd)} has no room for this call ${reset}`,
    {
      scope,
      limit: limitNanoUsd,
      ...(settledNanoUsd === null ? {} : { used: settledNanoUsd }),
      ...(resetsAt === null ? {} : { resets_at: resetsAt }),
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
