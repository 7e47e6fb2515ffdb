import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetPeriod } from '../modules/budgets/index.ts'
import { calendarWindow } from './calendar-window.ts'

/** What is gone of a budget in its current window. */
export interface Spending {
  /** Charged, including what providers billed beyond the limit. */
  readonly settledNanoUsd: bigint
  /** In the hands of data planes, not charged yet. */
  readonly leasedNanoUsd: bigint
}

const untouched: Spending = { settledNanoUsd: 0n, leasedNanoUsd: 0n }

/**
 * The spending of these budgets, in their order, in the windows that hold `now` (milliseconds since the epoch).
 */
export async function readSpending(
  em: EntityManager,
  organizationId: string,
  budgets: readonly { readonly id: string; readonly period: BudgetPeriod }[],
  now: number,
): Promise<Spending[]> {
  const keys = budgets.map(({ id, period }) => ({
    budget_id: id,
    starts_at: calendarWindow(period, now).startsAt,
  }))
  const rows = await em.execute<{ budget_id: string; settled: string; leased: string }[]>(
    `select budget_id, settled + overdrawn as settled, leased from budget_windows
     join jsonb_to_recordset(?::jsonb) as wanted (budget_id text, starts_at timestamptz) using (budget_id, starts_at)
     where org_id = ?`,
    [JSON.stringify(keys), organizationId],
  )
  const spending = new Map(
    rows.map((row) => [
      row.budget_id,
      { settledNanoUsd: BigInt(row.settled), leasedNanoUsd: BigInt(row.leased) },
    ]),
  )
  return budgets.map(({ id }) => spending.get(id) ?? untouched)
}
