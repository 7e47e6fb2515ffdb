import {
  type BuiltinCall,
  type BuiltinHost,
  type LimitNode,
  type LimitStanding,
  limitHeaders,
} from 'gatehouse/plugin-sdk/builtin'
import { joinLimits } from './admission.ts'

/**
 * Lets every answer to a call say how its limits stand when its head goes out: of each unit the limit that is nearest to
 * its end, in OpenAI's headers and in those of draft-ietf-httpapi-ratelimit-headers.
 */
export function tellLimits(call: BuiltinCall, host: BuiltinHost): void {
  call.reply.onHead(() => {
    const limits = limitsOf(call)
    if (limits.length === 0) return
    const { reply } = call
    const tightest = tightestOfEachUnit(host.limits.standing(limits))
    for (const { limit, remaining, resetMs } of tightest) {
      const names = limitHeaders[limit.unit]
      reply.setHeader(names.limit, String(limit.max))
      reply.setHeader(names.remaining, String(remaining))
      reply.setHeader(names.reset, durationOf(resetMs))
    }
    reply.setHeader(limitHeaders.policy, policyOf(limits))
    reply.setHeader(limitHeaders.standing, tightest.map(standingItem).join(', '))
  })
}

/** Those of the key, and of the provider configuration once it is decided. */
export function limitsOf({ key, targets }: BuiltinCall): readonly LimitNode[] {
  const [target] = targets
  if (!key) return []
  return target && targets.length === 1 ? joinLimits(key.limits, target.grant.limits) : key.limits
}

function tightestOfEachUnit(standings: readonly LimitStanding[]): readonly LimitStanding[] {
  const tightest: LimitStanding[] = []
  for (const standing of standings) {
    const at = tightest.findIndex(({ limit }) => limit.unit === standing.limit.unit)
    const known = tightest[at]
    if (!known) tightest.push(standing)
    else if (isTighter(standing, known)) tightest[at] = standing
  }
  return tightest
}

function isTighter(one: LimitStanding, other: LimitStanding): boolean {
  return one.remaining === other.remaining ? one.resetMs > other.resetMs : one.remaining < other.remaining
}

/** What each limit allows, written once for all calls that share the path. */
const policies = new WeakMap<readonly LimitNode[], string>()

function policyOf(limits: readonly LimitNode[]): string {
  let text = policies.get(limits)
  if (text === undefined) {
    text = limits.map(policyItem).join(', ')
    policies.set(limits, text)
  }
  return text
}

function policyItem(limit: LimitNode): string {
  const { unit, max, windowSeconds } = limit
  // `requests` is the draft's default.
  return `${nameOf(limit)};q=${max};w=${windowSeconds}${unit === 'requests' ? '' : `;qu="${unit}"`}`
}

function standingItem({ limit, remaining, resetMs }: LimitStanding): string {
  return `${nameOf(limit)};r=${remaining};t=${Math.ceil(resetMs / 1000)}`
}

function nameOf({ scope, unit, windowSeconds }: LimitNode): string {
  return `"${scope}-${unit}-${windowSeconds}s"`
}

/** As OpenAI writes it: `0s`, `120ms`, `6m0s`, `1h0m0s`. */
export function durationOf(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
