import type { EntityManager } from '@mikro-orm/postgresql'
import type { BudgetOverride } from '../../leases/effective-limit.ts'

/** An override as it stands beside its budget, raised with each change. */
export interface StoredOverride extends BudgetOverride {
  readonly version: number
}

/** The columns of a budget's override, if it has one. */
export interface OverrideColumns {
  readonly amount_nano_usd: string | null
  readonly lasts_until_ms: string | null
}

export function overrideOf({ amount_nano_usd, lasts_until_ms }: OverrideColumns): BudgetOverride | null {
  if (amount_nano_usd === null) return null
  const lastsUntil = lasts_until_ms === null ? null : new Date(Number(lasts_until_ms))
  return { amountNanoUsd: BigInt(amount_nano_usd), lastsUntil }
}

/** What raises these budgets, by their ids, also what has ended. */
export async function readOverrides(
  em: EntityManager,
  organizationId: string,
  budgetIds: readonly string[],
): Promise<ReadonlyMap<string, StoredOverride>> {
  const rows = await em.execute<(OverrideColumns & { budget_id: string; version: number })[]>(
    `select budget_id, amount_nano_usd, extract(epoch from lasts_until) * 1000 as lasts_until_ms, version
     from budget_overrides where org_id = ? and budget_id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(budgetIds)],
  )
  return new Map(
    rows.flatMap(({ budget_id, version, ...columns }) => {
      const override = overrideOf(columns)
      return override ? [[budget_id, { ...override, version }] as const] : []
    }),
  )
}

/** Stands from now on instead of what there was. */
export async function storeOverride(
  em: EntityManager,
  organizationId: string,
  budgetId: string,
  { amountNanoUsd, lastsUntil, version }: StoredOverride,
): Promise<void> {
  await em.execute(
    `insert into budget_overrides (org_id, budget_id, amount_nano_usd, lasts_until, version)
     values (?, ?, ?, ?::timestamptz, ?)
     on conflict (org_id, budget_id) do update set amount_nano_usd = excluded.amount_nano_usd,
       lasts_until = excluded.lasts_until, version = excluded.version`,
    [organizationId, budgetId, String(amountNanoUsd), lastsUntil, version],
  )
}

export async function deleteOverride(
  em: EntityManager,
  organizationId: string,
  budgetId: string,
): Promise<void> {
  await em.execute('delete from budget_overrides where org_id = ? and budget_id = ?', [
    organizationId,
    budgetId,
  ])
}
