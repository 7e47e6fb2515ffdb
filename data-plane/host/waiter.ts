import type { BudgetNode, Hold, Shortfall } from '../../plugins/sdk/builtin.ts'

/** A call that waits for a lease. */
export class Waiter {
  readonly budgets: readonly BudgetNode[]
  readonly nanoUsd: number
  readonly since: number
  readonly #result = Promise.withResolvers<Hold | Shortfall>()
  #timer: NodeJS.Timeout | undefined

  constructor(budgets: readonly BudgetNode[], nanoUsd: number, since: number) {
    this.budgets = budgets
    this.nanoUsd = nanoUsd
    this.since = since
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
