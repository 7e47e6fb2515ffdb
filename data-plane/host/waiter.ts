import type { BudgetNode, Hold, Shortfall } from '../../plugins/sdk/builtin.ts'
import type { CallCost } from './ledger-hold.ts'

/** A call that waits for a lease. */
export class Waiter {
  readonly budgets: readonly BudgetNode[]
  readonly cost: CallCost
  readonly since: number
  /** The budgets that did not cover it when it was judged last. */
  lackedBudgetIds: readonly string[] = []
  readonly #result = Promise.withResolvers<Hold | Shortfall>()
  #timer: NodeJS.Timeout | undefined

  constructor(budgets: readonly BudgetNode[], cost: CallCost, since: number) {
    this.budgets = budgets
    this.cost = cost
    this.since = since
  }

  /** What the call needs of one of its budgets. */
  nanoUsdFor({ mode }: BudgetNode): number {
    return mode === 'balanced' ? this.cost.likely : this.cost.most
  }

  get promise(): Promise<Hold | Shortfall> {
    return this.#result.promise
  }

  startTimer(limitMs: number, onLimit: () => void): void {
    this.#timer = setTimeout(onLimit, limitMs)
  }

  resolve(result: Hold | Shortfall): void {
    clearTimeout(this.#timer)
    this.#result.resolve(result)
  }
}
