import { slot } from './slot.ts'

/** One budget on the path of a key, as the ledger knows it. */
export interface BudgetNode {
  readonly id: string
  /** `customer`, `team`, `virtual_key`, … */
  readonly scope: string
  readonly limitNanoUsd: string
  /** Absent: strict. */
  readonly mode?: 'balanced'
}

/** Whether no call may cost more than what the budget has set aside for it. */
export function isStrict({ mode }: BudgetNode): boolean {
  return mode !== 'balanced'
}

export interface LimitNode {
  readonly id: string
  readonly scope: string
  readonly unit: 'requests' | 'tokens'
  /** Admitted in any sliding window of `windowSeconds`. */
  readonly max: number
  readonly windowSeconds: number
}

/** Money set aside for one attempt, on every level that applies. */
export interface Hold {
  /** The most that the call can cost; of one whose cost nobody can bound, what was set aside. */
  readonly nanoUsd: number
  /** Leases and their levels; the ledger's own. */
  readonly charges: readonly { readonly leaseId: string; readonly budgetId: string }[]
}

/**
 * The output limit, in tokens, that a hold assumes because the caller set none. Left by `budget`; `provider` writes it
 * into the body that leaves, for a bound that the provider does not know is none.
 */
export const outputBound = slot<number>('budget.output-bound')

/** Why a hold was not given. */
export interface Shortfall {
  readonly reason: 'exceeded' | 'unavailable'
  readonly scope: string
  readonly budgetId: string
  readonly limitNanoUsd: string
  readonly settledNanoUsd: string | null
  /** RFC 3339, null when the budget never resets. */
  readonly resetsAt: string | null
}

/** Spends leases of budgets. The common reservation is answered at once, from memory. */
export interface Ledger {
  /**
   * @param most what the call cannot exceed, set aside on strict budgets; `Infinity`, where all budgets are balanced:
   * nobody can say
   * @param likely what it seldom exceeds, set aside on balanced budgets; `most` unless said
   */
  reserve(
    budgets: readonly BudgetNode[],
    most: number,
    likely?: number,
  ): Hold | Shortfall | Promise<Hold | Shortfall>
  /** What an attempt spends of each lease; the rest of the hold is free again. Settling twice changes nothing. */
  settle(hold: Hold, nanoUsd: number): readonly { readonly leaseId: string; readonly nanoUsd: number }[]
}

/** How a budget stands. */
export interface BudgetStanding {
  readonly budget: BudgetNode
  /** As the control plane said last of the present window; null where this data plane does not know. */
  readonly facts: {
    readonly limitNanoUsd: string
    /** Without what calls under way have set aside. */
    readonly settledNanoUsd: string
    /** Milliseconds since the epoch; null for a budget that never resets. */
    readonly windowEndsAt: number | null
    /** When it was said. */
    readonly at: number
  } | null
}

/** What is known of budgets beside what is leased of them. */
export interface Budgets {
  /** In the order of `budgets`; at once where it is known, else when the control plane has answered, or does not. */
  standing(budgets: readonly BudgetNode[]): readonly BudgetStanding[] | Promise<readonly BudgetStanding[]>
}

export interface LimitReached {
  readonly limit: LimitNode
  /** Null: the call alone asks for more than the limit allows, whenever it comes. */
  readonly retryAfterMs: number | null
}

/** What a call took of its limits. */
export interface LimitHold {
  /** Others may use what the call did not, of the tokens that were set aside for it. Again changes nothing. */
  settle(tokens: number): void
  /** As if the call had never come. */
  release(): void
}

/** How many calls of a virtual key, or to a provider with one of its keys, may be under way at once. */
export interface ConcurrencyLimit {
  /** Of the virtual key or the provider key. */
  readonly id: string
  readonly max: number
}

/** A place among the calls under way, until it is released. Again changes nothing. */
export interface CallSlot {
  release(): void
}

export interface Concurrency {
  /** Undefined: all slots are taken. The common call is answered at once, from memory. */
  enter(limit: ConcurrencyLimit): CallSlot | undefined | Promise<CallSlot | undefined>
}

/** How a limit stands, as far as this data plane knows without asking: other data planes may have used more of it. */
export interface LimitStanding {
  readonly limit: LimitNode
  /** Of its unit, from 0 to `max`. */
  readonly remaining: number
  /** Until all of it can be used again if nobody uses it before; 0 when all of it can be used now. */
  readonly resetMs: number
}

export interface Limits {
  /** Takes one request of every limit of requests and the tokens of every limit of tokens, or nothing at all. */
  take(
    limits: readonly LimitNode[],
    tokens: number,
  ): LimitHold | LimitReached | Promise<LimitHold | LimitReached>
  /** In the order of `limits`; at once, from memory. */
  standing(limits: readonly LimitNode[]): readonly LimitStanding[]
}
