import type { EntityManager } from '@mikro-orm/postgresql'
import type { WindowBalance } from './window-balance.ts'

/** Names one window of one budget. */
export interface WindowKey {
  readonly budgetId: string
  readonly startsAt: Date
}

export interface StoredWindow extends WindowKey {
  readonly balance: WindowBalance
  /** When what was spent of it was last set to nothing. */
  readonly resetAt: Date | null
  /** The highest threshold whose crossing was noted; 0: none. */
  readonly crossedPercent: number
}

export function windowName({ budgetId, startsAt }: WindowKey): string {
  return `${budgetId}@${startsAt.getTime()}`
}

/** Makes the windows that do not exist yet. */
export async function createWindows(
  em: EntityManager,
  organizationId: string,
  windows: readonly (WindowKey & { readonly limit: bigint })[],
): Promise<void> {
  const rows = windows.map(({ budgetId, startsAt, limit }) => ({
    budget_id: budgetId,
    starts_at: startsAt,
    ceiling: String(limit),
  }))
  await em.execute(
    `insert into budget_windows (org_id, budget_id, starts_at, ceiling)
     select ?, budget_id, starts_at, ceiling
     from jsonb_to_recordset(?::jsonb) as fresh (budget_id text, starts_at timestamptz, ceiling bigint)
     order by budget_id, starts_at on conflict do nothing`,
    [organizationId, JSON.stringify(rows)],
  )
}

/** Locks the windows, always in one order so that no two transactions wait for each other, and reads them. */
export function lockWindows(
  em: EntityManager,
  organizationId: string,
  windows: readonly WindowKey[],
): Promise<Map<string, StoredWindow>> {
  return selectWindows(em, organizationId, windows, 'for update')
}

/** Reads the windows, by `windowName`; one that nobody leased from yet is missing. */
export function readWindows(
  em: EntityManager,
  organizationId: string,
  windows: readonly WindowKey[],
): Promise<Map<string, StoredWindow>> {
  return selectWindows(em, organizationId, windows, '')
}

async function selectWindows(
  em: EntityManager,
  organizationId: string,
  windows: readonly WindowKey[],
  locking: 'for update' | '',
): Promise<Map<string, StoredWindow>> {
  const keys = windows.map(({ budgetId, startsAt }) => ({ budget_id: budgetId, starts_at: startsAt }))
  const rows = await em.execute<WindowRow[]>(
    `select budget_id, extract(epoch from starts_at) * 1000 as starts_at_ms, ceiling, settled, leased, overdrawn,
       extract(epoch from reset_at) * 1000 as reset_at_ms, crossed_percent
     from budget_windows where org_id = ? and (budget_id, starts_at) in (
       select budget_id, starts_at from jsonb_to_recordset(?::jsonb) as wanted (budget_id text, starts_at timestamptz)
     ) order by budget_id, starts_at ${locking}`,
    [organizationId, JSON.stringify(keys)],
  )
  return new Map(
    rows.map((row) => {
      const key = { budgetId: row.budget_id, startsAt: new Date(Number(row.starts_at_ms)) }
      const balance = {
        ceiling: BigInt(row.ceiling),
        settled: BigInt(row.settled),
        leased: BigInt(row.leased),
        overdrawn: BigInt(row.overdrawn),
      }
      const resetAt = row.reset_at_ms === null ? null : new Date(Number(row.reset_at_ms))
      return [windowName(key), { ...key, balance, resetAt, crossedPercent: row.crossed_percent }]
    }),
  )
}

/** Writes windows that this transaction has locked. */
export async function storeWindows(
  em: EntityManager,
  organizationId: string,
  windows: Iterable<WindowKey & { readonly balance: WindowBalance }>,
): Promise<void> {
  const rows = [...windows].map(({ budgetId, startsAt, balance }) => ({
    budget_id: budgetId,
    starts_at: startsAt,
    ceiling: String(balance.ceiling),
    settled: String(balance.settled),
    leased: String(balance.leased),
    overdrawn: String(balance.overdrawn),
  }))
  await em.execute(
    `update budget_windows target
     set ceiling = fresh.ceiling, settled = fresh.settled, leased = fresh.leased, overdrawn = fresh.overdrawn
     from jsonb_to_recordset(?::jsonb) as fresh
       (budget_id text, starts_at timestamptz, ceiling bigint, settled bigint, leased bigint, overdrawn bigint)
     where target.org_id = ? and target.budget_id = fresh.budget_id and target.starts_at = fresh.starts_at`,
    [JSON.stringify(rows), organizationId],
  )
}

interface WindowRow {
  readonly budget_id: string
  readonly starts_at_ms: string
  readonly ceiling: string
  readonly settled: string
  readonly leased: string
  readonly overdrawn: string
  readonly reset_at_ms: string | null
  readonly crossed_percent: number
}
