import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { budgetWindow } from '../../leases/budget-window.ts'
import { readWindows, windowName } from '../../leases/windows.ts'
import { type Budget, BudgetEntity } from './entity.ts'

/** A budget and where its money is in its present window. */
export interface BudgetStanding {
  readonly budget: Budget
  /** Nano-USD. */
  readonly settled: bigint
  /** Nano-USD. */
  readonly leased: bigint
  readonly windowStart: Date
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
  const windows = budgets.map((budget) => {
    const { startsAt, endsAt } = budgetWindow(budget, now)
    return { budget, key: { budgetId: budget.id, startsAt }, resetsAt: endsAt }
  })
  const keys = windows.map(({ key }) => key)
  const balances = await readWindows(em, actor.organizationId, keys)
  return windows.map(({ budget, key, resetsAt }) => {
    const balance = balances.get(windowName(key))?.balance
    return {
      budget,
      settled: balance ? balance.settled + balance.overdrawn : 0n,
      leased: balance?.leased ?? 0n,
      windowStart: key.startsAt,
      resetsAt,
    }
  })
}

/** What a token that is confined to a workspace may see: its own, and what belongs to the whole organization. */
function visibleTo({ workspaceIds }: Actor): FilterQuery<Budget> {
  return workspaceIds === null
    ? {}
    : { $or: [{ workspaceId: { $in: [...workspaceIds] } }, { workspaceId: null }] }
}
