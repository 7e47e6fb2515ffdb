import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { budgetWindow } from '../../leases/budget-window.ts'
import { effectiveLimit, raises } from '../../leases/effective-limit.ts'
import { readWindows, type StoredWindow, windowName } from '../../leases/windows.ts'
import { type Budget, BudgetEntity } from './entity.ts'
import { readOverrides, type StoredOverride } from './overrides.ts'

/** A budget and where its money is in its present window. Amounts are nano-USD. */
export interface BudgetStanding {
  readonly budget: Budget
  /** What may be spent in this window: with what an override adds. */
  readonly effectiveLimit: bigint
  /** What raises this window. */
  readonly override: StoredOverride | null
  readonly settled: bigint
  readonly leased: bigint
  readonly windowStart: Date
  /** Since when `settled` was spent. */
  readonly since: Date
  /** Null: never. */
  readonly resetsAt: Date | null
}

/** Budgets that the actor may see. A window that nobody leased from yet is untouched. */
export async function readBudgetStandings(
  em: EntityManager,
  actor: Actor,
  where: FilterQuery<Budget>,
  now: number,
): Promise<BudgetStanding[]> {
  const visible = { $and: [where, visibleTo(actor)] } as FilterQuery<Budget>
  const budgets = await em.find(BudgetEntity, visible, { orderBy: { id: 'asc' } })
  const { organizationId } = actor
  const overrides = await readOverrides(
    em,
    organizationId,
    budgets.map(({ id }) => id),
  )
  const current = budgets.map((budget) => ({ budget, window: budgetWindow(budget, now) }))
  const keys = current.map(({ budget, window }) => ({ budgetId: budget.id, startsAt: window.startsAt }))
  const windows = await readWindows(em, organizationId, keys)
  return current.map(({ budget, window }) => {
    const { startsAt, endsAt } = window
    const found = overrides.get(budget.id)
    const override = found && raises(found, window) ? found : null
    const stored = windows.get(windowName({ budgetId: budget.id, startsAt }))
    return {
      budget,
      effectiveLimit: effectiveLimit(BigInt(budget.limitNanoUsd), override, window),
      override,
      settled: stored ? stored.balance.settled + stored.balance.overdrawn : 0n,
      leased: stored?.balance.leased ?? 0n,
      windowStart: startsAt,
      since: latest(startsAt, budget.createdAt, stored),
      resetsAt: endsAt,
    }
  })
}

function latest(startsAt: Date, createdAt: Date, window: StoredWindow | undefined): Date {
  return new Date(Math.max(startsAt.getTime(), createdAt.getTime(), window?.resetAt?.getTime() ?? 0))
}

/** What a token that is confined to a workspace may see: its own, and what belongs to the whole organization. */
export function visibleTo({ workspaceIds }: Actor): { $or?: object[] } {
  return workspaceIds === null
    ? {}
    : { $or: [{ workspaceId: { $in: [...workspaceIds] } }, { workspaceId: null }] }
}
