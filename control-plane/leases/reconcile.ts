import type { EntityManager } from '@mikro-orm/postgresql'
import type { WindowKey } from './windows.ts'

/** A window whose books do not agree, in nano-USD. */
export interface BudgetDrift extends WindowKey {
  /** What the window says was spent, and what the calls that charge its leases add up to. */
  readonly spent: bigint
  readonly charged: bigint
  /** What the window says is in the hands of data planes, and what is left of its open leases. */
  readonly leased: bigint
  readonly remaining: bigint
}

export interface Reconciliation {
  readonly drifts: readonly BudgetDrift[]
  /** By how much the books are apart, in all. */
  readonly amount: bigint
}

/** The rule: what was spent is what the calls charge, and what is leased is what is left of the open leases. */
const disagree = 'spent <> charged or leased <> remaining'

/** What a window says was spent of it, before a reset and since. */
const spent = 'balance.settled + balance.overdrawn + balance.forgiven'

/**
 * Compares usage ledger, budget windows and leases of one organization: the newest window of every budget, and older
 * ones with open leases or new calls. One statement reads all of it, so that it sees each settlement whole or not at all.
 *
 * A call is counted once, for good, when every transaction that is older than its own has ended; until then it is added
 * anew each time. The caller's transaction has to be the only one that does this for the organization.
 *
 * @param now Milliseconds since the epoch.
 */
export async function reconcileBudgets(
  em: EntityManager,
  organizationId: string,
  now: number,
): Promise<Reconciliation> {
  const counted = await readCounted(em, organizationId)
  if (!counted) {
    await beginCounting(em, organizationId, now)
    await keepDrifts(em, organizationId, [])
    return { drifts: [], amount: 0n }
  }
  const rows = await em.execute<DriftRow[]>(compareBooks, [
    organizationId,
    counted.before,
    counted.foreignThrough,
  ])
  const drifts = rows.map(driftOf)
  const amount = drifts.reduce((sum, drift) => sum + amountOf(drift), 0n)
  await keepDrifts(em, organizationId, drifts)
  await em.execute(
    'update budget_reconciliations set reconciled_at = ?, drift_nano_usd = ? where org_id = ?',
    [new Date(now), String(amount), organizationId],
  )
  return { drifts, amount }
}

interface Counted {
  /** Calls of older transactions are counted. */
  readonly before: string
  readonly foreignThrough: string
}

/**
 * Undefined where nothing is counted yet, and in a database that was filled from a dump: its calls bear the
 * transactions of another server, which this one has yet to reach.
 */
async function readCounted(em: EntityManager, organizationId: string): Promise<Counted | undefined> {
  const [row] = await em.execute<(Counted & { readonly isForeign: boolean })[]>(
    `select counted_before::text as before, foreign_through as "foreignThrough",
       coalesce(newest.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
         and newest.id > foreign_through, false) as "isForeign"
     from budget_reconciliations state left join lateral (
       select transaction_id, id from usage_records
       where org_id = state.org_id order by transaction_id desc, id desc limit 1) as newest on true
     where state.org_id = ?`,
    [organizationId],
  )
  return row?.isForeign ? undefined : row
}

/** Takes the windows' own word for what was charged so far. */
async function beginCounting(em: EntityManager, organizationId: string, now: number): Promise<void> {
  await em.execute(takeOver, [organizationId, new Date(now)])
}

/** For whoever asks what was found, in place of what was found before. */
async function keepDrifts(
  em: EntityManager,
  organizationId: string,
  drifts: readonly BudgetDrift[],
): Promise<void> {
  await em.execute('delete from budget_drifts where org_id = ?', [organizationId])
  if (drifts.length === 0) return
  const rows = drifts.map(({ budgetId, startsAt, spent, charged, leased, remaining }) => ({
    ...{ budget_id: budgetId, starts_at: startsAt, spent: String(spent), charged: String(charged) },
    ...{ leased: String(leased), remaining: String(remaining) },
  }))
  await em.execute(
    `insert into budget_drifts (org_id, budget_id, starts_at, spent, charged, leased, remaining)
     select ?, found.* from jsonb_to_recordset(?::jsonb) as found
       (budget_id text, starts_at timestamptz, spent numeric, charged numeric, leased numeric, remaining numeric)`,
    [organizationId, JSON.stringify(rows)],
  )
}

const moment = `moment as (
  select pg_snapshot_xmin(snapshot) as oldest, pg_snapshot_xmax(snapshot) as next
  from pg_current_snapshot() as snapshot)`

/**
 * What calls charge to each window that are not counted yet, and what of it is to be counted now. Summed by lease first: of
 * those there are few, and to look one up for each charge took most of the time.
 */
const recentCharges = `recent_leases as (
  select usage.data_plane_id, charge."leaseId" as lease_id, sum(charge."nanoUsd") as visible,
    coalesce(sum(charge."nanoUsd") filter (where usage.transaction_id < (select oldest from moment)), 0) as final
  from usage_records usage
  cross join lateral jsonb_to_recordset(usage.charges) as charge ("leaseId" text, "nanoUsd" bigint)
  where usage.org_id = (select org_id from given)
    and usage.transaction_id >= (select counted_before from given)
    and usage.transaction_id < (select next from moment)
    and usage.id > (select foreign_through from given)
  group by 1, 2),
  recent as (
  select lease.budget_id, lease.window_starts_at as starts_at, sum(visible) as visible, sum(final) as final
  from recent_leases charged join budget_leases lease on lease.org_id = (select org_id from given)
    and lease.id = charged.lease_id and lease.data_plane_id = charged.data_plane_id
  group by 1, 2)`

/** Adds up what it reads instead of joining it: nobody knows how much of it there is, least of all the planner. */
const compareBooks = `
  with given as (select ?::text as org_id, ?::xid8 as counted_before, ?::text as foreign_through),
  ${moment}, ${recentCharges},
  checked as (
    select budget_id, starts_at, sum(visible) as visible, sum(remaining) as remaining from (
      select budget_id, starts_at, visible, 0 as remaining from recent
      union all
      select budget_id, window_starts_at, 0, remaining
      from budget_leases where org_id = (select org_id from given) and closed_at is null
      union all
      select newest.budget_id, newest.starts_at, 0, 0 from budgets budget cross join lateral (
        select budget_id, starts_at from budget_windows
        where org_id = budget.org_id and budget_id = budget.id order by starts_at desc limit 1) as newest
      where budget.org_id = (select org_id from given)) as parts
    group by 1, 2),
  books as (
    select balance.budget_id, extract(epoch from balance.starts_at) * 1000 as starts_at_ms,
      ${spent} as spent, coalesce(counted.nano_usd, 0) + checked.visible as charged,
      balance.leased, checked.remaining
    from checked
    join budget_windows balance on balance.org_id = (select org_id from given)
      and balance.budget_id = checked.budget_id and balance.starts_at = checked.starts_at
    left join budget_charges counted on counted.org_id = balance.org_id
      and counted.budget_id = balance.budget_id and counted.starts_at = balance.starts_at),
  remembered as (
    insert into budget_charges (org_id, budget_id, starts_at, nano_usd)
    select org_id, budget_id, starts_at, final from given, recent where final <> 0
    on conflict (org_id, budget_id, starts_at)
      do update set nano_usd = budget_charges.nano_usd + excluded.nano_usd),
  moved as (
    update budget_reconciliations set counted_before = (select oldest from moment)
    where org_id = (select org_id from given))
  select * from books where ${disagree} order by budget_id, starts_at_ms`

const takeOver = `
  with organization as (select ?::text as org_id, ?::timestamptz as now), ${moment},
  given as (
    select org_id, (select oldest from moment) as counted_before, coalesce((
      select max(id) from usage_records
      where org_id = organization.org_id and transaction_id >= (select next from moment)), '') as foreign_through
    from organization),
  ${recentCharges},
  taken as (
    insert into budget_charges (org_id, budget_id, starts_at, nano_usd)
    select (select org_id from given), budget_id, starts_at, sum(nano_usd) from (
      select budget_id, starts_at, ${spent} as nano_usd
      from budget_windows balance where org_id = (select org_id from given)
      union all
      select budget_id, starts_at, -visible from recent) as parts
    group by 2, 3
    on conflict (org_id, budget_id, starts_at) do update set nano_usd = excluded.nano_usd)
  insert into budget_reconciliations (org_id, counted_before, foreign_through, reconciled_at, drift_nano_usd)
  select given.org_id, counted_before, foreign_through, organization.now, 0 from given, organization
  on conflict (org_id) do update set counted_before = excluded.counted_before,
    foreign_through = excluded.foreign_through, reconciled_at = excluded.reconciled_at, drift_nano_usd = 0`

interface DriftRow {
  readonly budget_id: string
  readonly starts_at_ms: string
  readonly spent: string
  readonly charged: string
  readonly leased: string
  readonly remaining: string
}

function driftOf(row: DriftRow): BudgetDrift {
  return {
    budgetId: row.budget_id,
    startsAt: new Date(Number(row.starts_at_ms)),
    spent: BigInt(row.spent),
    charged: BigInt(row.charged),
    leased: BigInt(row.leased),
    remaining: BigInt(row.remaining),
  }
}

function amountOf({ spent, charged, leased, remaining }: BudgetDrift): bigint {
  return distance(spent, charged) + distance(leased, remaining)
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b
}
