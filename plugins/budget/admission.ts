import { slot } from 'gatehouse/plugin-sdk'
import type {
  BudgetNode,
  BuiltinCall,
  BuiltinHost,
  CompiledKey,
  Hold,
  LimitHold,
  LimitNode,
  LimitReached,
  Shortfall,
  Target,
} from 'gatehouse/plugin-sdk/builtin'
import { isStrict, outputBound } from 'gatehouse/plugin-sdk/builtin'
import { type BoundSettings, type CallSize, type CostBound, costBound, measureCall } from './cost-bound.ts'
import type { CostQuestion, LikelyCosts } from './likely-costs.ts'
import { unpricedPart } from './part-prices.ts'
import { limitRefusal, shortfallRefusal, unboundedRefusal, unpricedRefusal } from './refusals.ts'
import { type TokenBound, tokenBound } from './token-bound.ts'

type Eventually<T> = T | Promise<T>

/** What the call took of its limits, to be settled when it ends. */
export const limitHold = slot<LimitHold>('budget.limit-hold')

/** How the cost of a call under a balanced budget was estimated, for what it did cost to be learned from. */
export const costQuestion = slot<CostQuestion>('budget.cost-question')

/**
 * Admits a call to the first of its targets whose provider-config level has room [X0-25]; every other level refuses
 * the call. Synchronous as long as limits and ledger answer from memory.
 *
 * @throws Denied
 */
export function admit(
  call: BuiltinCall,
  host: BuiltinHost,
  settings: BoundSettings,
  likelyCosts: LikelyCosts,
): Eventually<void> {
  const { key } = call
  if (!key) throw new TypeError('budget ran before auth had found a key')
  return new Admission(call, key, host, settings, likelyCosts).try(0)
}

class Admission {
  readonly #call: BuiltinCall
  readonly #key: CompiledKey
  readonly #host: BuiltinHost
  readonly #settings: BoundSettings
  readonly #likelyCosts: LikelyCosts
  #size: CallSize | undefined
  /** What it may use of limits of tokens; undefined when none governs it. */
  #tokens: TokenBound | undefined
  /** Of the present target, where one of its budgets is balanced. */
  #question: CostQuestion | undefined

  constructor(
    call: BuiltinCall,
    key: CompiledKey,
    host: BuiltinHost,
    settings: BoundSettings,
    likelyCosts: LikelyCosts,
  ) {
    this.#call = call
    this.#key = key
    this.#host = host
    this.#settings = settings
    this.#likelyCosts = likelyCosts
  }

  try(index: number): Eventually<void> {
    const target = this.#call.targets[index]
    if (!target) throw new TypeError('budget ran before rbac had found a target')
    const limits = joinLimits(this.#key.limits, target.grant.limits)
    this.#tokens = undefined
    if (limits.length === 0) return this.#reserve(target, index)
    if (limits.some(countsTokens)) this.#tokens = tokenBound(this.#measure(), target, this.#settings)
    return then(this.#host.limits.take(limits, this.#tokens?.tokens ?? 0), (result) =>
      this.#onLimits(result, target, index),
    )
  }

  #onLimits(result: LimitHold | LimitReached, target: Target, index: number): Eventually<void> {
    if ('limit' in result) {
      if (this.#canSkip(result.limit.scope, index)) return this.try(index + 1)
      throw limitRefusal(result, this.#tokens, this.#host.now())
    }
    this.#call.set(limitHold, result)
    return this.#reserve(target, index)
  }

  /** Another target may take less of the limits, and has its own: what this one took is free again. */
  #skip(index: number): Eventually<void> {
    this.#call.get(limitHold)?.release()
    return this.try(index + 1)
  }

  #measure(): CallSize {
    this.#size ??= measureCall(this.#call)
    return this.#size
  }

  #reserve(target: Target, index: number): Eventually<void> {
    const budgets = joinBudgets(this.#key.budgets, target.grant.budgets)
    if (budgets.length === 0) return this.#admitTo(target, null)
    const { model } = target
    const prices = model.pricesAt(this.#call.receivedAt)
    const refusal = prices ? unpricedPart(this.#measure(), target, prices) : unpricedRefusal(model.name)
    if (!prices || refusal) {
      if (index + 1 < this.#call.targets.length) return this.#skip(index)
      throw refusal
    }
    const bound = costBound(this.#measure(), target, prices, this.#settings)
    return then(this.#setAside(budgets, model.id, bound), (result) =>
      this.#onReserved(result, bound.injectedOutputTokens, target, index),
    )
  }

  /** Balanced budgets set the estimate aside. @throws Denied `price_unknown` where a strict one needs a bound and there is none */
  #setAside(
    budgets: readonly BudgetNode[],
    modelId: string,
    { nanoUsd: boundNanoUsd }: CostBound,
  ): Eventually<Hold | Shortfall> {
    const { ledger } = this.#host
    const unbounded = this.#measure().unbounded
    if (unbounded && budgets.some(isStrict)) throw unboundedRefusal(unbounded, 'strict budget')
    this.#question = undefined
    if (budgets.every(isStrict)) return ledger.reserve(budgets, boundNanoUsd)
    const { operation } = this.#call
    const question = { modelId, operation, boundNanoUsd, isBounded: unbounded === null }
    this.#question = question
    const most = question.isBounded ? boundNanoUsd : Number.POSITIVE_INFINITY
    return ledger.reserve(budgets, most, this.#likelyCosts.estimate(question))
  }

  #onReserved(
    result: Hold | Shortfall,
    injectedOutputTokens: number | null,
    target: Target,
    index: number,
  ): Eventually<void> {
    if ('reason' in result) {
      if (this.#canSkip(result.scope, index)) return this.#skip(index)
      throw shortfallRefusal(result, this.#call.configuration.showBudgetAmounts, this.#host.now())
    }
    this.#call.hold = result
    this.#admitTo(target, injectedOutputTokens)
  }

  #admitTo(target: Target, injectedOutputTokens: number | null): void {
    this.#call.targets = [target]
    if (this.#question) this.#call.set(costQuestion, this.#question)
    const outputTokens = injectedOutputTokens ?? this.#tokens?.injectedOutputTokens ?? null
    if (outputTokens !== null) this.#call.set(outputBound, outputTokens)
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

function countsTokens({ unit }: LimitNode): boolean {
  return unit === 'tokens'
}

function then<T>(value: Eventually<T>, next: (value: T) => Eventually<void>): Eventually<void> {
  return value instanceof Promise ? value.then(next) : next(value)
}
