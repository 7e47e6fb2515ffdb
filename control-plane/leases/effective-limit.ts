import { type BudgetWindow, budgetWindow, type RecurringBudget } from './budget-window.ts'

/** What is added to the limit of a budget for a while. */
export interface BudgetOverride {
  readonly amountNanoUsd: bigint
  /** The end of the last window that it raises; null: it raises every one. */
  readonly lastsUntil: Date | null
}

/**
 * What may be spent in a window. An override raises whole windows: one that ends by its end. Should the budget's period
 * change to a longer one meanwhile, what was given for three days does not raise a year.
 */
export function effectiveLimit(
  limitNanoUsd: bigint,
  override: BudgetOverride | null,
  window: BudgetWindow,
): bigint {
  return override && raises(override, window) ? limitNanoUsd + override.amountNanoUsd : limitNanoUsd
}

export function raises({ lastsUntil }: BudgetOverride, { endsAt }: BudgetWindow): boolean {
  return lastsUntil === null || (endsAt !== null && endsAt.getTime() <= lastsUntil.getTime())
}

/** The end of so many windows of a budget, of which the present one is the first; null: it has one that never ends. */
export function endOfCycles(budget: RecurringBudget, cycles: number, now: number): Date | null {
  let { endsAt } = budgetWindow(budget, now)
  for (let cycle = 1; cycle < cycles && endsAt; cycle++) {
    endsAt = budgetWindow(budget, endsAt.getTime()).endsAt
  }
  return endsAt
}
