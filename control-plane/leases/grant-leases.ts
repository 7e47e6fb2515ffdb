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
  readonly dataPlaneId: string
  readonly startsAt: Date
  readonly granted: bigint
}

/**
 * Answers requests of one organization's data planes, in their order, in the caller's transaction. The same request asked
 * again, however often and by whichever control plane, gets the same grants. Together they wait once for the windows,
 * which what data planes report holds most of the time.
 *
 * @param now Milliseconds since the epoch; decides the windows.
 * @returns the grants of each
 */
export async function grantLeases(
  em: EntityManager,
  organizationId: string,
  requests: readonly LeaseRequest[],
  now: number,
): Promise<readonly (readonly LeaseGrant[])[]> {
  if (requests.length === 0) return []
  const claimed = await claim(em, organizationId, requests, now)
  const byName = new Map(requests.map((request) => [nameOf(request), request]))
  const fresh = [...byName].flatMap(([name, request]) => (claimed.has(name) ? request : []))
  const granted = await grantAnew(em, organizationId, fresh, now)
  const known = await readAnswers(
    em,
    organizationId,
    requests.filter((request) => !granted.has(nameOf(request))),
  )
  return requests.map((request) => granted.get(nameOf(request)) ?? known.get(nameOf(request)) ?? [])
}

/** What names a request among those of its organization. */
type RequestKey = Pick<LeaseRequest, 'dataPlaneId' | 'id'>

function nameOf({ dataPlaneId, id }: RequestKey): string {
  return `${dataPlaneId} ${id}`
}

/** A second transaction with one of these ids waits here until the first has committed. @returns the names of those that are new */
async function claim(
  em: EntityManager,
  organizationId: string,
  requests: readonly LeaseRequest[],
  now: number,
): Promise<Set<string>> {
  const rows = await em.execute<RequestKey[]>(
    `insert into lease_requests (org_id, data_plane_id, id, grants, created_at)
     select ?, "dataPlaneId", id, '[]', ?::timestamptz
     from jsonb_to_recordset(?::jsonb) as asked ("dataPlaneId" text, id text)
     order by "dataPlaneId", id on conflict do nothing returning data_plane_id as "dataPlaneId", id`,
    [organizationId, new Date(now), keysOf(requests)],
  )
  return new Set(rows.map(nameOf))
}

/** What was granted when these were asked before. */
async function readAnswers(
  em: EntityManager,
  organizationId: string,
  requests: readonly LeaseRequest[],
): Promise<Map<string, LeaseGrant[]>> {
  if (requests.length === 0) return new Map()
  const rows = await em.execute<(RequestKey & { readonly grants: LeaseGrant[] })[]>(
    `select data_plane_id as "dataPlaneId", id, grants from lease_requests
     where org_id = ? and (data_plane_id, id) in (
       select "dataPlaneId", id from jsonb_to_recordset(?::jsonb) as asked ("dataPlaneId" text, id text))`,
    [organizationId, keysOf(requests)],
  )
  return new Map(rows.map((row) => [nameOf(row), row.grants]))
}

function keysOf(requests: readonly LeaseRequest[]): string {
  return JSON.stringify(requests.map(({ dataPlaneId, id }) => ({ dataPlaneId, id })))
}

/** @returns the grants by the names of the requests */
async function grantAnew(
  em: EntityManager,
  organizationId: string,
  requests: readonly LeaseRequest[],
  now: number,
): Promise<Map<string, LeaseGrant[]>> {
  if (requests.length === 0) return new Map()
  const windows = await openWindows(em, organizationId, requests, now)
  const dataPlanes = await countActiveDataPlanes(em, organizationId, now)
  const leases: NewLease[] = []
  const answers = requests.map(({ dataPlaneId, id, asks }) => ({
    ...{ dataPlaneId, id },
    grants: asks.map((ask) => grantOne(windows, ask, { dataPlaneId, dataPlanes, leases })),
  }))
  await storeWindows(em, organizationId, windows.values())
  await storeLeases(em, organizationId, leases, now)
  await em.execute(
    `update lease_requests target set grants = answer.grants
     from jsonb_to_recordset(?::jsonb) as answer ("dataPlaneId" text, id text, grants jsonb)
     where target.org_id = ? and target.data_plane_id = answer."dataPlaneId" and target.id = answer.id`,
    [JSON.stringify(answers), organizationId],
  )
  return new Map(answers.map((answer) => [nameOf(answer), answer.grants]))
}

/** Takes a lease out of its window, and adds it to `leases`. */
function grantOne(
  windows: ReadonlyMap<string, OpenWindow>,
  { budgetId, wantedNanoUsd, neededNanoUsd }: LeaseRequest['asks'][number],
  { dataPlaneId, dataPlanes, leases }: { dataPlaneId: string; dataPlanes: number; leases: NewLease[] },
): LeaseGrant {
  const window = windows.get(budgetId)
  if (!window) return noSuchBudget(budgetId)
  const { limit, startsAt } = window
  const [wanted, needed] = [BigInt(wantedNanoUsd), BigInt(neededNanoUsd)]
  const { balance, granted } = grant(window.balance, { limit, wanted, needed, dataPlanes })
  window.balance = balance
  const id = granted > 0n ? newId('lea') : null
  if (id !== null) leases.push({ id, budgetId, dataPlaneId, startsAt, granted })
  return {
    budgetId,
    leaseId: id,
    grantedNanoUsd: Number(granted),
    windowEndsAt: window.endsAt?.getTime() ?? null,
    limitNanoUsd: String(limit),
    settledNanoUsd: String(balance.settled + balance.overdrawn),
    unleasedNanoUsd: String(available(balance, limit)),
  }
}

/** The current window of every budget that exists, locked until the transaction ends. */
async function openWindows(
  em: EntityManager,
  organizationId: string,
  requests: readonly LeaseRequest[],
  now: number,
): Promise<Map<string, OpenWindow>> {
  const budgetIds = [...new Set(requests.flatMap(({ asks }) => asks.map(({ budgetId }) => budgetId)))]
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
  organizationId: string,
  leases: readonly NewLease[],
  now: number,
): Promise<void> {
  if (leases.length === 0) return
  const rows = leases.map(({ id, budgetId, dataPlaneId, startsAt, granted }) => ({
    id,
    budget_id: budgetId,
    data_plane_id: dataPlaneId,
    starts_at: startsAt,
    granted: String(granted),
  }))
  await em.execute(
    `insert into budget_leases
       (id, org_id, budget_id, window_starts_at, data_plane_id, granted, remaining, granted_at)
     select id, ?, budget_id, starts_at, data_plane_id, granted, granted, ?::timestamptz
     from jsonb_to_recordset(?::jsonb) as fresh
       (id text, budget_id text, data_plane_id text, starts_at timestamptz, granted bigint)`,
    [organizationId, new Date(now), JSON.stringify(rows)],
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
