import type { EntityManager } from '@mikro-orm/postgresql'
import { lockWindows, type WindowKey, windowName } from './windows.ts'

/** What a reset found in its window, in nano-USD. */
export interface ResetUsage {
  /** What was spent, and counts no longer. */
  readonly forgiven: bigint
  /** What data planes hold; it counts as it did. */
  readonly leased: bigint
}

/**
 * Sets what was spent of a window to nothing, in the caller's transaction. What is leased stays leased, and what is settled
 * of it later counts: from the reset on nobody spends more than the limit, calls that were under way included.
 */
export async function resetWindow(
  em: EntityManager,
  organizationId: string,
  window: WindowKey,
  now: number,
): Promise<ResetUsage> {
  const locked = await lockWindows(em, organizationId, [window])
  const balance = locked.get(windowName(window))?.balance
  if (!balance) return { forgiven: 0n, leased: 0n }
  const { budgetId, startsAt } = window
  await em.execute(
    `update budget_windows set forgiven = forgiven + settled + overdrawn, settled = 0, overdrawn = 0, reset_at = ?
     where org_id = ? and budget_id = ? and starts_at = ?`,
    [new Date(now), organizationId, budgetId, startsAt],
  )
  return { forgiven: balance.settled + balance.overdrawn, leased: balance.leased }
}
