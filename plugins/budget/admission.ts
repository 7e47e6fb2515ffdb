import type {
  BudgetNode,
  BuiltinCall,
  BuiltinHost,
  CompiledKey,
  Hold,
  LimitNode,
  LimitReached,
  Shortfall,
  Target,
} from 'gatehouse/plugin-sdk/builtin'
import { outputBound } from 'gatehouse/plugin-sdk/builtin'
import { type BoundSettings, type CallSize, costBound, measureCall } from './cost-bound.ts'
import { limitRefusal, shortfallRefusal, unpricedRefusal } from './refusals.ts'

type Eventually<T> = T | Promise<T>

/**
 * Admits a call to the first of its targets whose provider-config level has room [X0-25]; every other level refuses
 * the call. Synchronous as long as limits and ledger answer from memory.
 *
 * @throws Denied
 */
export function admit(call: BuiltinCall, host: BuiltinHost, settings: BoundSettings): Eventually<void> {
  const { key } = call
  if (!key) throw new TypeError('budget ran before auth had found a key')
  return new Admission(call, key, host, settings).try(0)
}

class Admission {
  readonly #call: BuiltinCall
  readonly #key: CompiledKey
  readonly #host: BuiltinHost
  readonly #settings: BoundSettings
  #size: CallSize | undefined
  /** The key's own permits are taken once, however many targets are tried. */
  #hasKeyPermits = false

  constructor(call: BuiltinCall, key: CompiledKey, host: BuiltinHost, settings: BoundSettings) {
    this.#call = call
    this.#key = key
    this.#host = host
    this.#settings = settings
  }

  try(index: number): Eventually<void> {
    const target = this.#call.targets[index]
    if (!target) throw new TypeError('budget ran before rbac had found a target')
    const limits = this.#hasKeyPermits
      ? target.grant.limits
      : joinLimits(this.#key.limits, target.grant.limits)
    if (limits.length === 0) return this.#reserve(target, index)
    return then(this.#host.limits.take(limits), (reached) => this.#onPermits(reached, target, index))
  }

  #onPermits(reached: LimitReached | undefined, target: Target, index: number): Eventually<void> {
    if (reached) {
      if (this.#canSkip(reached.limit.scope, index)) return this.try(index + 1)
      throw limitRefusal(reached, this.#host.now())
    }
    this.#hasKeyPermits = true
    return this.#reserve(target, index)
  }

  #reserve(target: Target, index: number): Eventually<void> {
    const budgets = joinBudgets(this.#key.budgets, target.grant.budgets)
    if (budgets.length === 0) {
      this.#call.targets = [target]
      return
    }
    const { model } = target
    const prices = model.pricesAt(this.#call.receivedAt)
    if (!prices) {
      if (index + 1 < this.#call.targets.length) return this.try(index + 1)
      throw unpricedRefusal(model.name)
    }
    this.#size ??= measureCall(this.#call, this.#settings)
    const bound = costBound(this.#size, model, prices, this.#settings)
    return then(this.#host.ledger.reserve(budgets, bound.nanoUsd), (result) =>
      this.#onReserved(result, bound.injectedOutputTokens, target, index),
    )
  }

  #onReserved(
    result: Hold | Shortfall,
    injectedOutputTokens: number | null,
    target: Target,
    index: number,
  ): Eventually<void> {
    if ('reason' in result) {
      if (this.#canSkip(result.scope, index)) return this.try(index + 1)
      throw shortfallRefusal(result, this.#call.configuration.showBudgetAmounts, this.#host.now())
    }
    this.#call.hold = result
    this.#call.targets = [target]
    if (injectedOutputTokens !== null) this.#call.set(outputBound, injectedOutputTokens)
  }

  #canSkip(scope: string, index: number): boolean {
    return scope === 'provider_config' && index + 1 < this.#call.targets.length
  }
}

/** Joins the levels of a key and those of its grant: one array for all calls, so that who keeps their state knows it again. */
function joiner<T>(): (path: readonly T[], own: readonly T[]) => readonly T[] {
  const joined = new WeakMap<readonly T[], { readonly path: readonly T[]; readonly whole: readonly T[] }>()
  return (path, own) => {
    if (own.length === 0) return path
    const known = joined.get(own)
    if (known?.path === path) return known.whole
    const whole = [...path, ...own]
    joined.set(own, { path, whole })
    return whole
  }
}

const joinBudgets = joiner<BudgetNode>()
export const joinLimits = joiner<LimitNode>()

function then<T>(value: Eventually<T>, next: (value: T) => Eventually<void>): Eventually<void> {
  return value instanceof Promise ? value.then(next) : next(value)
}
