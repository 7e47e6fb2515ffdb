import type { EntityManager } from '@mikro-orm/postgresql'
import { budgetWindow } from '../leases/budget-window.ts'
import { effectiveLimit } from '../leases/effective-limit.ts'
import { crossings } from '../leases/thresholds.ts'
import { type StoredWindow, windowName } from '../leases/windows.ts'
import { type BudgetTerms, readBudgetTerms, recordCrossings } from '../modules/budgets/index.ts'

type Windows = ReadonlyMap<string, StoredWindow>

interface ChargedWindow extends StoredWindow {
  readonly spentBefore: bigint
  readonly spent: bigint
}

/**
 * Notes which thresholds the windows crossed that this transaction has locked and charged. Nobody else can charge them
 * meanwhile, so each crossing is noted once, however many control planes take in what happened.
 */
export async function noteCrossings(
  em: EntityManager,
  organizationId: string,
  { before, after }: { readonly before: Windows; readonly after: Windows },
  now: number,
): Promise<void> {
  const charged = chargedWindows(before, after)
  if (charged.length === 0) return
  const terms = await readBudgetTerms(em, organizationId, [...new Set(charged.map((one) => one.budgetId))])
  const noted = charged.flatMap((window) => {
    const budget = terms.get(window.budgetId)
    return budget ? [crossingsOf(window, budget, now)] : []
  })
  await storeCrossedPercents(em, organizationId, noted)
  await recordCrossings(
    em,
    organizationId,
    noted.flatMap(({ events }) => events),
  )
}

function chargedWindows(before: Windows, after: Windows): ChargedWindow[] {
  return [...after.values()].flatMap((window) => {
    const spent = spentOf(window)
    const spentBefore = spentOf(before.get(windowName(window)) ?? window)
    return spent > spentBefore ? [{ ...window, spent, spentBefore }] : []
  })
}

function crossingsOf(window: ChargedWindow, budget: BudgetTerms, now: number) {
  const { budgetId, startsAt, spent, spentBefore, crossedPercent } = window
  const { endsAt } = budgetWindow(budget, startsAt.getTime())
  const limit = effectiveLimit(budget.limitNanoUsd, budget.override, { startsAt, endsAt })
  const { crossed, crossedPercent: reached } = crossings({
    crossedPercent,
    before: spentBefore,
    after: spent,
    limit,
  })
  const events = crossed.map((percent) => ({
    workspaceId: budget.workspaceId,
    budgetId,
    ownerKind: budget.ownerKind,
    ownerId: budget.ownerId,
    windowStartsAt: startsAt,
    windowEndsAt: endsAt,
    percent,
    limitNanoUsd: String(limit),
    settledNanoUsd: String(spent),
    at: new Date(now),
  }))
  return { window, reached, events }
}

async function storeCrossedPercents(
  em: EntityManager,
  organizationId: string,
  noted: readonly { readonly window: ChargedWindow; readonly reached: number }[],
): Promise<void> {
  const changed = noted.filter(({ window, reached }) => reached !== window.crossedPercent)
  if (changed.length === 0) return
  const rows = changed.map(({ window: { budgetId, startsAt }, reached }) => ({
    budget_id: budgetId,
    starts_at: startsAt,
    crossed_percent: reached,
  }))
  await em.execute(
    `update budget_windows target set crossed_percent = fresh.crossed_percent
     from jsonb_to_recordset(?::jsonb) as fresh (budget_id text, starts_at timestamptz, crossed_percent smallint)
     where target.org_id = ? and target.budget_id = fresh.budget_id and target.starts_at = fresh.starts_at`,
    [JSON.stringify(rows), organizationId],
  )
}

function spentOf({ balance }: StoredWindow): bigint {
  return balance.settled + balance.overdrawn
}
