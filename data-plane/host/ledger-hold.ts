import type { Hold } from '../../plugins/sdk/builtin.ts'
import type { LeasePool, Part } from './lease-pool.ts'

export type Charge = { readonly leaseId: string; readonly nanoUsd: number }

/** What a call may cost, in nano-USD. */
export interface CallCost {
  /** Never exceeded, and set aside on strict budgets; `Infinity`: nobody can say, and no strict budget is concerned. */
  readonly most: number
  /** Seldom exceeded, and set aside on balanced budgets. */
  readonly likely: number
}

/** A budget on the path of a call, by its pool. */
export interface PathLevel {
  readonly pool: LeasePool
  readonly isBalanced: boolean
}

export class LedgerHold implements Hold {
  readonly nanoUsd: number
  readonly parts: readonly Part[]
  readonly #cost: CallCost
  /** The pools that set aside less than the most that the call can cost. */
  readonly #exposed: readonly LeasePool[]
  settled: readonly Charge[] | undefined
  isRecorded = false

  constructor(cost: CallCost, parts: readonly Part[], exposed: readonly LeasePool[]) {
    this.nanoUsd = cost.most === Number.POSITIVE_INFINITY ? cost.likely : cost.most
    this.parts = parts
    this.#cost = cost
    this.#exposed = exposed
  }

  get charges(): readonly { leaseId: string; budgetId: string }[] {
    return this.parts.map(({ lease, pool }) => ({ leaseId: lease.id, budgetId: pool.budgetId }))
  }

  /** Whether a call of this cost breaks the promise that it was admitted with. */
  isExceededBy(nanoUsd: number): boolean {
    return nanoUsd > this.#cost.most
  }

  /**
   * Charges each budget with what the call did cost, and frees the rest. What was not set aside is charged to the last
   * lease, which may end up owing: it is missing from the next calls.
   */
  settle(nanoUsd: number): readonly Charge[] {
    const { parts } = this
    const charges: Charge[] = []
    let pool: LeasePool | undefined
    let left = 0
    let next = 0
    for (const part of parts) {
      if (part.pool !== pool) left = nanoUsd
      pool = part.pool
      const isLast = parts[++next]?.pool !== pool
      const spent = isLast ? left : Math.min(left, part.nanoUsd)
      pool.putBack(part, spent)
      left -= spent
      if (spent > 0) charges.push({ leaseId: part.leaseId, nanoUsd: spent })
    }
    for (const one of this.#exposed) one.cover(this.#cost.most - this.#cost.likely)
    this.settled = charges
    return charges
  }
}

const none: readonly LeasePool[] = []

/** Sets a call's cost aside on every level, or on none. */
export function takeHold(levels: readonly PathLevel[], cost: CallCost, now: number): LedgerHold | undefined {
  const { most, likely } = cost
  for (const { pool, isBalanced } of levels)
    if (!pool.covers(isBalanced ? likely : most, now)) return undefined
  const parts: Part[] = []
  let exposed = none
  for (const { pool, isBalanced } of levels) {
    pool.take(isBalanced ? likely : most, now, parts)
    if (!isBalanced || likely === most) continue
    pool.expose(most - likely)
    exposed = [...exposed, pool]
  }
  return new LedgerHold(cost, parts, exposed)
}
