import type { Waiter } from './waiter.ts'

/** The calls that wait for leases, found by what they lack: most changes concern few of them. */
export class WaitingCalls implements Iterable<Waiter> {
  /** In the order of their arrival. */
  readonly #waiters = new Set<Waiter>()
  readonly #byBudget = new Map<string, Set<Waiter>>()

  get size(): number {
    return this.#waiters.size
  }

  [Symbol.iterator](): Iterator<Waiter> {
    return this.#waiters.values()
  }

  /** Takes up a call, or what one that waits already lacks by now. */
  put(waiter: Waiter, lackedBudgetIds: readonly string[]): void {
    this.#waiters.add(waiter)
    for (const budgetId of waiter.lackedBudgetIds) {
      if (!lackedBudgetIds.includes(budgetId)) this.#forget(waiter, budgetId)
    }
    for (const budgetId of lackedBudgetIds) {
      const known = this.#byBudget.get(budgetId)
      if (known) known.add(waiter)
      else this.#byBudget.set(budgetId, new Set([waiter]))
    }
    waiter.lackedBudgetIds = lackedBudgetIds
  }

  /** Those that lack one of these budgets, the first to come first. */
  lacking(budgetIds: readonly string[]): readonly Waiter[] {
    const concerned = new Set<Waiter>()
    for (const budgetId of budgetIds) {
      for (const waiter of this.#byBudget.get(budgetId) ?? []) concerned.add(waiter)
    }
    return [...concerned].sort((one, other) => one.since - other.since)
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    for (const budgetId of waiter.lackedBudgetIds) this.#forget(waiter, budgetId)
  }

  #forget(waiter: Waiter, budgetId: string): void {
    const waiters = this.#byBudget.get(budgetId)
    waiters?.delete(waiter)
    if (waiters?.size === 0) this.#byBudget.delete(budgetId)
  }
}
