import type { EntityManager } from '@mikro-orm/postgresql'
import type { LeaseGrant, LeaseRequest } from '../../contract/leases.ts'
import { newId } from '../db/id.ts'
import { readBudgetTerms } from '../modules/budgets/index.ts'
import { type BudgetWindow, budgetWindow } from './budget-window.ts'
import { effectiveLimit } from './effective-limit.ts'
import { available, grant, type WindowBalance } from './window-balance.ts'
import { createWindows, lockWindows, storeWindows, type WindowKey, windowName } from './windows.ts'

/** A data plane that was heard of this recently takes its share of what is left. */
const activeWithinMs = 60_000

interface OpenWindow extends WindowKey, BudgetWindow {
  /** With what an override adds to it. */
  readonly limit: bigint
  balance: WindowBalance
}

interface NewLease {
  readonly id: string
  readonly budgetId: string
  readonly startsAt: Date
  readonly granted: bigint
}

/**
 * Answers one request of a data plane, in the caller's transaction. The same request asked again, however often
 * and by whichever control plane, gets the same grants.
 *
 * @param now Milliseconds since the epoch; decides the windows.
 */
export async function grantLeases(
  em: EntityManager,
  request: LeaseRequest,
  now: number,
): Promise<readonly LeaseGrant[]> {
  const { organizationId, dataPlaneId, id } = request
  const key = [organizationId, dataPlaneId, id]
  // A second transaction with this id waits here until the first has committed.
  const claimed = await em.execute<{ id: string }[]>(
    `insert into lease_requests (org_id, data_plane_id, id, grants, created_at) values (?, ?, ?, '[]', ?)
     on conflict do nothing returning id`,
    [...key, new Date(now)],
  )
  if (claimed.length === 0) {
    const [known] = await em.execute<{ grants: LeaseGrant[] }[]>(
      'select grants from lease_requests where org_id = ? and data_plane_id = ? and id = ?',
      key,
    )
    return known?.grants ?? []
  }
  const grants = await grantAnew(em, request, now)
  await em.execute(
    'update lease_requests set grants = ?::jsonb where org_id = ? and data_plane_id = ? and id = ?',
    [JSON.stringify(grants), ...key],
  )
  return grants
}

async function grantAnew(em: EntityManager, request: LeaseRequest, now: number): Promise<LeaseGrant[]> {
  const { organizationId } = request
  const windows = await openWindows(em, request, now)
  const dataPlanes = await countActiveDataPlanes(em, organizationId, now)
  const leases: NewLease[] = []
  const grants = request.asks.map(({ budgetId, wantedNanoUsd, neededNanoUsd }): LeaseGrant => {
    const window = windows.get(budgetId)
    if (!window) return noSuchBudget(budgetId)
    const { limit } = window
    const wanted = BigInt(wantedNanoUsd)
    const { balance, granted } = grant(window.balance, {
      limit,
      wanted,
      needed: BigInt(neededNanoUsd),
      dataPlanes,
    })
    window.balance = balance
    const lease =
      granted > 0n ? { id: newId('lea'), budgetId, startsAt: window.startsAt, granted } : undefined
    if (lease) leases.push(lease)
    return {
      budgetId,
      leaseId: lease?.id ?? null,
      grantedNanoUsd: Number(granted),
      windowEndsAt: window.endsAt?.getTime() ?? null,
      limitNanoUsd: String(limit),
      settledNanoUsd: String(balance.settled + balance.overdrawn),
      unleasedNanoUsd: String(available(balance, limit)),
    }
  })
  await storeWindows(em, organizationId, windows.values())
  await storeLeases(em, request, leases, now)
  return grants
}

/** The current window of every budget that exists, locked until the transaction ends. */
async function openWindows(
  em: EntityManager,
  { organizationId, asks }: LeaseRequest,
  now: number,
): Promise<Map<string, OpenWindow>> {
  const budgetIds = [...new Set(asks.map(({ budgetId }) => budgetId))]
  const terms = await readBudgetTerms(em, organizationId, budgetIds)
  const current = [...terms].map(([budgetId, budget]) => {
    const window = budgetWindow(budget, now)
    return { budgetId, limit: effectiveLimit(budget.limitNanoUsd, budget.override, window), ...window }
  })
  await createWindows(em, organizationId, current)
  const locked = await lockWindows(em, organizationId, current)
  const windows = new Map<string, OpenWindow>()
  for (const window of current) {
    const balance = locked.get(windowName(window))?.balance
    if (balance) windows.set(window.budgetId, { ...window, balance })
  }
  return windows
}

async function countActiveDataPlanes(
  em: EntityManager,
  organizationId: string,
  now: number,
): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    'select count(*) from data_planes where org_id = ? and revoked_at is null and last_seen_at > ?',
    [organizationId, new Date(now - activeWithinMs)],
  )
  return Math.max(1, Number(row?.count))
}

async function storeLeases(
  em: EntityManager,
  { organizationId, dataPlaneId }: LeaseRequest,
  leases: readonly NewLease[],
  now: number,
): Promise<void> {
  if (leases.length === 0) return
  const rows = leases.map(({ id, budgetId, startsAt, granted }) => ({
    id,
    budget_id: budgetId,
    starts_at: startsAt,
    granted: String(granted),
  }))
  await em.execute(
    `insert into budget_leases
       (id, org_id, budget_id, window_starts_at, data_plane_id, granted, remaining, granted_at)
     select id, ?, budget_id, starts_at, ?, granted, granted, ?::timestamptz
     from jsonb_to_recordset(?::jsonb) as fresh (id text, budget_id text, starts_at timestamptz, granted bigint)`,
    [organizationId, dataPlaneId, new Date(now), JSON.stringify(rows)],
  )
}

function noSuchBudget(budgetId: string): LeaseGrant {
  return {
    budgetId,
    leaseId: null,
    grantedNanoUsd: 0,
    windowEndsAt: null,
    limitNanoUsd: '0',
    settledNanoUsd: '0',
    unleasedNanoUsd: '0',
  }
}
