import { Denied } from 'gatehouse/plugin-sdk'
import type { LimitNode, LimitReached, Shortfall } from 'gatehouse/plugin-sdk/builtin'
import type { TokenBound } from './token-bound.ts'

const leaseRetrySeconds = 2

/** `bound` says what the call asked of a limit of tokens. */
export function limitRefusal({ limit, retryAfterMs }: LimitReached, bound: TokenBound | undefined): Denied {
  const { scope, unit, max } = limit
  if (retryAfterMs === null) return oversizeRefusal(limit, bound)
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  const reached = `The ${nameOf(scope)} limit of ${max} ${unit} is reached`
  const need = bound && unit === 'tokens' ? ` for a call that may use ${bound.tokens}` : ''
  return new Denied(
    unit === 'tokens' ? 'token_limited' : 'request_limited',
    `${reached}${need}: try again in ${retryAfterSeconds} s`,
    { scope, limit: max, retryAfterSeconds },
  )
}

/** It has no time to try again: whenever the same call comes, it is refused. */
function oversizeRefusal({ scope, max }: LimitNode, bound: TokenBound | undefined): Denied {
  const size = bound?.size ?? { inputTokens: max, choices: 1, operation: 'unknown' }
  const param = size.operation === 'responses' ? 'max_output_tokens' : 'max_tokens'
  const room = Math.floor((max - size.inputTokens) / size.choices)
  const wayOut =
    room > 0
      ? `set ${param} to ${room} or less`
      : `its input alone is counted as ${size.inputTokens}, shorten it`
  return new Denied(
    'token_limited',
    `This call may use ${bound?.tokens ?? max} tokens, and the ${nameOf(scope)} limit is ${max} at any time: ${wayOut}`,
    { scope, limit: max, ...(room > 0 && { param }) },
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
    `The ${nameOf(scope)} budget of ${dollars(limitNanoUsd)} has no room for this call ${reset}`,
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

/** A call whose cost a field makes impossible to bound, where a strict budget governs it. */
export function unboundedRefusal(field: string, why: string): Denied {
  return new Denied('price_unknown', `The cost of this call cannot be bounded: ${field} ${why}`, {
    param: field,
  })
}

/** A call that asks for something whose price nobody knows. */
export function unpricedPartRefusal(field: string, why: string): Denied {
  return new Denied('price_unknown', `The cost of this call cannot be known: ${field} ${why}`, {
    param: field,
  })
}

function nameOf(scope: string): string {
  return scope.replaceAll('_', ' ')
}

function dollars(nanoUsd: string): string {
  const digits = nanoUsd.padStart(10, '0')
  const cents = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0')
  return `$${digits.slice(0, -9)}.${cents}`
}
