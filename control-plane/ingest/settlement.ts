import type { EntityManager } from '@mikro-orm/postgresql'
import { giveBack, settle } from '../leases/window-balance.ts'
import {
  lockWindows,
  type StoredWindow,
  storeWindows,
  type WindowKey,
  windowName,
} from '../leases/windows.ts'

/** What calls spend of one lease. */
export interface LeaseCharge {
  readonly dataPlaneId: string
  readonly leaseId: string
  readonly nanoUsd: bigint
}

export interface Lease extends WindowKey {
  readonly id: string
  readonly dataPlaneId: string
  remaining: bigint
  closed: boolean
}

/** The leases that a transaction changes and the windows that they are part of, locked. */
export interface LockedLeases {
  readonly leases: ReadonlyMap<string, Lease>
  readonly windows: Map<string, StoredWindow>
}

/** Locks leases and their windows: windows first, in the order that grants lock them too. */
export async function lockLeases(
  em: EntityManager,
  organizationId: string,
  leaseIds: Iterable<string>,
): Promise<LockedLeases> {
  const ids = JSON.stringify([...new Set(leaseIds)])
  const found = await em.execute<LeaseRow[]>(`${selectLeases} order by id`, [organizationId, ids])
  const windows = await lockWindows(em, organizationId, found.map(windowOf))
  // Read again behind the windows' locks: only who holds those changes a lease.
  const rows = await em.execute<LeaseRow[]>(`${selectLeases} order by id`, [organizationId, ids])
  const leases = rows.map((row) => ({
    ...windowOf(row),
    id: row.id,
    dataPlaneId: row.data_plane_id,
    remaining: BigInt(row.remaining),
    closed: row.closed,
  }))
  return { leases: new Map(leases.map((lease) => [lease.id, lease])), windows }
}

/**
 * Charges calls to their lease. A lease that is spent or closed already is no excuse: the charge then goes to
 * the window itself.
 *
 * @returns false when there is no such lease of this data plane, so that nothing could be charged.
 */
export function settleCharge(locked: LockedLeases, { dataPlaneId, leaseId, nanoUsd }: LeaseCharge): boolean {
  const lease = locked.leases.get(leaseId)
  const window = lease && locked.windows.get(windowName(lease))
  if (!lease || !window || lease.dataPlaneId !== dataPlaneId) return false
  const settled = settle(window.balance, lease.closed ? 0n : lease.remaining, nanoUsd)
  if (!lease.closed) lease.remaining = settled.remaining
  locked.windows.set(windowName(lease), { ...window, balance: settled.balance })
  return true
}

/** Closes a lease, once, and returns to its window what it did not spend. */
export function closeLease(locked: LockedLeases, leaseId: string): void {
  const lease = locked.leases.get(leaseId)
  const window = lease && locked.windows.get(windowName(lease))
  if (!lease || !window || lease.closed) return
  locked.windows.set(windowName(lease), { ...window, balance: giveBack(window.balance, lease.remaining) })
  lease.remaining = 0n
  lease.closed = true
}

/** Writes what `settleCharge` and `closeLease` changed. */
export async function storeLeases(
  em: EntityManager,
  organizationId: string,
  { leases, windows }: LockedLeases,
  now: number,
): Promise<void> {
  if (leases.size === 0) return
  await storeWindows(em, organizationId, windows.values())
  const rows = [...leases.values()].map(({ id, remaining, closed }) => ({
    id,
    remaining: String(remaining),
    closed,
  }))
  await em.execute(
    `update budget_leases target set remaining = fresh.remaining,
       closed_at = case when fresh.closed then coalesce(target.closed_at, ?::timestamptz) end
     from jsonb_to_recordset(?::jsonb) as fresh (id text, remaining bigint, closed boolean)
     where target.org_id = ? and target.id = fresh.id`,
    [new Date(now), JSON.stringify(rows), organizationId],
  )
}

const selectLeases = `
  select id, budget_id, extract(epoch from window_starts_at) * 1000 as starts_at_ms, data_plane_id, remaining,
    closed_at is not null as closed
  from budget_leases where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb))`

interface LeaseRow {
  readonly id: string
  readonly budget_id: string
  readonly starts_at_ms: string
  readonly data_plane_id: string
  readonly remaining: string
  readonly closed: boolean
}

function windowOf({ budget_id, starts_at_ms }: LeaseRow): WindowKey {
  return { budgetId: budget_id, startsAt: new Date(Number(starts_at_ms)) }
}
