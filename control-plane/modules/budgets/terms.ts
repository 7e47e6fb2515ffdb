import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetPeriod } from '../../../contract/budget-windows.ts'
import type { BudgetWindowTerms } from './window-terms.ts'

/** What the ledger of leases needs to know of a budget. */
export interface BudgetTerms extends BudgetWindowTerms {
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
  readonly createdAt: Date
}

/** The terms of these budgets by id; a budget that does not exist (any more) is missing. */
export async function readBudgetTerms(
  em: EntityManager,
  organizationId: string,
  budgetIds: readonly string[],
): Promise<ReadonlyMap<string, BudgetTerms>> {
  const rows = await em.execute<TermsRow[]>(
    `select id, limit_nano_usd, extract(epoch from created_at) * 1000 as created_at_ms, period, alignment,
       time_zone as "timeZone", week_starts_on as "weekStartsOn", fiscal_year_starts_in as "fiscalYearStartsIn"
     from budgets where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(budgetIds)],
  )
  return new Map(
    rows.map(({ id, limit_nano_usd, created_at_ms, ...terms }) => [
      id,
      { ...terms, limitNanoUsd: BigInt(limit_nano_usd), createdAt: new Date(Number(created_at_ms)) },
    ]),
  )
}

interface TermsRow extends BudgetWindowTerms {
  readonly id: string
  readonly limit_nano_usd: string
  readonly created_at_ms: string
  readonly period: BudgetPeriod
}
