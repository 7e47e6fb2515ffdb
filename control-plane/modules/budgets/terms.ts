import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetPeriod } from '../../../contract/budget-windows.ts'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import type { BudgetOverride } from '../../leases/effective-limit.ts'
import { type OverrideColumns, overrideOf } from './overrides.ts'
import type { BudgetWindowTerms } from './window-terms.ts'

/** Whose budget it is. */
export interface BudgetPlace {
  readonly workspaceId: string | null
  readonly ownerKind: GovernedLevel
  readonly ownerId: string
}

/** What the ledger of leases needs to know of a budget. */
export interface BudgetTerms extends BudgetWindowTerms, BudgetPlace {
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
  readonly createdAt: Date
  readonly override: BudgetOverride | null
}

/** The terms of these budgets by id; a budget that does not exist (any more) is missing. */
export async function readBudgetTerms(
  em: EntityManager,
  organizationId: string,
  budgetIds: readonly string[],
): Promise<ReadonlyMap<string, BudgetTerms>> {
  const rows = await em.execute<TermsRow[]>(
    `select id, limit_nano_usd, extract(epoch from created_at) * 1000 as created_at_ms, period, alignment,
       time_zone as "timeZone", week_starts_on as "weekStartsOn", fiscal_year_starts_in as "fiscalYearStartsIn",
       workspace_id as "workspaceId", owner_kind as "ownerKind", owner_id as "ownerId",
       amount_nano_usd, extract(epoch from lasts_until) * 1000 as lasts_until_ms
     from budgets left join budget_overrides on budget_overrides.org_id = budgets.org_id and budget_id = id
     where budgets.org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(budgetIds)],
  )
  return new Map(
    rows.map(({ id, limit_nano_usd, created_at_ms, amount_nano_usd, lasts_until_ms, ...terms }) => [
      id,
      {
        ...terms,
        limitNanoUsd: BigInt(limit_nano_usd),
        createdAt: new Date(Number(created_at_ms)),
        override: overrideOf({ amount_nano_usd, lasts_until_ms }),
      },
    ]),
  )
}

interface TermsRow extends BudgetWindowTerms, BudgetPlace, OverrideColumns {
  readonly id: string
  readonly limit_nano_usd: string
  readonly created_at_ms: string
  readonly period: BudgetPeriod
}
