import { Denied } from 'gatehouse/plugin-sdk'
import { decimalUsd, type LimitNode, type LimitReached, type Shortfall } from 'gatehouse/plugin-sdk/builtin'
import type { UnboundedPart } from './inspect-body.ts'
import type { TokenBound } from './token-bound.ts'

const leaseRetrySeconds = 2

/** `bound` says what the call asked of a limit of tokens. */
export function limitRefusal(
  { limit, retryAfterMs }: LimitReached,
  bound: TokenBound | undefined,
  now: number,
): Denied {
  const { scope, unit, max } = limit
  if (retryAfterMs === null) return oversizeRefusal(limit, bound)
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  const reached = `The ${nameOf(scope)} limit of ${max} ${unit} is reached`
  const need = bound && unit === 'tokens' ? ` for a call that may use ${bound.tokens}` : ''
  return new Denied(
    unit === 'tokens' ? 'token_limited' : 'request_limited',
    `${reached}${need}: try again in ${retryAfterSeconds} s`,
    { scope, unit, limit: max, resets_at: timeOf(now + retryAfterMs), retryAfterSeconds },
  )
}

/** It has no time to try again: whenever the same call comes, it is refused. */
function oversizeRefusal({ scope, max }: LimitNode, bound: TokenBound | undefined): Denied {
  const { choices, operation } = bound?.size ?? { choices: 1, operation: 'unknown' }
  const inputTokens = bound?.inputTokens ?? max
  const param = operation === 'responses' ? 'max_output_tokens' : 'max_tokens'
  const room = Math.floor((max - inputTokens) / choices)
  const wayOut =
    room > 0 ? `set ${param} to ${room} or less` : `its input alone is counted as ${inputTokens}, shorten it`
  return new Denied(
    'token_limited',
    `This call may use ${bound?.tokens ?? max} tokens, and the ${nameOf(scope)} limit is ${max} at any time: ${wayOut}`,
    { scope, unit: 'tokens', limit: max, ...(room > 0 && { param }) },
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

/** A call of unknown size, where something governs it that admits only what it can bound. */
export function unboundedRefusal(
  { field, why }: UnboundedPart,
  governor: 'strict budget' | 'limit of tokens',
): Denied {
  const what = governor === 'strict budget' ? 'cost' : 'tokens'
  const wayOut = governor === 'strict budget' ? ' (a balanced budget would admit it)' : ''
  return new Denied(
    'price_unknown',
    `The ${what} of this call cannot be bounded, and a ${governor} governs it${wayOut}: ${field} ${why}`,
    { param: field },
  )
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

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function secondsUntil(time: string, now: number): number {
  return Math.max(1, Math.ceil((Date.parse(time) - now) / 1000))
}
