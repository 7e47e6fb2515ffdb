import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetPeriod } from './entity.ts'

/** What the ledger of leases needs to know of a budget. */
export interface BudgetTerms {
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
}

/** The terms of these budgets by id; a budget that does not exist (any more) is missing. */
export async function readBudgetTerms(
  em: EntityManager,
  organizationId: string,
  budgetIds: readonly string[],
): Promise<ReadonlyMap<string, BudgetTerms>> {
  const rows = await em.execute<{ id: string; limit_nano_usd: string; period: BudgetPeriod }[]>(
    `select id, limit_nano_usd, period from budgets
     where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(budgetIds)],
  )
  return new Map(
    rows.map(({ id, limit_nano_usd, period }) => [id, { limitNanoUsd: BigInt(limit_nano_usd), period }]),
  )
}
