import type { BudgetPeriod } from '../../contract/budget-windows.ts'
import { newId } from '../../control-plane/db/id.ts'
import type { Installation } from './organization.ts'

export async function createBudget(
  { database }: Installation,
  organizationId: string,
  limitNanoUsd: number,
  period: BudgetPeriod = 'NONE',
): Promise<string> {
  const id = newId('bud')
  await database.transaction(organizationId, (em) =>
    em.execute(
      `insert into budgets (id, org_id, owner_kind, owner_id, limit_nano_usd, period, created_at)
       values (?, ?, 'team', ?, ?, ?, now())`,
      [id, organizationId, `team_of_${id}`, limitNanoUsd, period],
    ),
  )
  return id
}

export async function setLimit(
  { database }: Installation,
  organizationId: string,
  budgetId: string,
  limitNanoUsd: number,
): Promise<void> {
  await database.transaction(organizationId, (em) =>
    em.execute('update budgets set limit_nano_usd = ? where id = ?', [limitNanoUsd, budgetId]),
  )
}

export interface StoredWindow {
  readonly ceiling: number
  readonly settled: number
  readonly leased: number
  readonly overdrawn: number
}

/** The windows of a budget, oldest first. */
export async function readWindows(
  { database }: Installation,
  organizationId: string,
  budgetId: string,
): Promise<StoredWindow[]> {
  const rows = await database.transaction(organizationId, (em) =>
    em.execute<Record<keyof StoredWindow, string>[]>(
      'select ceiling, settled, leased, overdrawn from budget_windows where budget_id = ? order by starts_at',
      [budgetId],
    ),
  )
  return rows.map((row) => ({
    ceiling: Number(row.ceiling),
    settled: Number(row.settled),
    leased: Number(row.leased),
    overdrawn: Number(row.overdrawn),
  }))
}
