import type { LeaseGrant, LeaseRequest } from '../../contract/leases.ts'
import type { BudgetNode, Hold, Ledger, Shortfall } from '../../plugins/sdk/builtin.ts'
import type { HostLog } from './host-log.ts'
import type { Held } from './journal.ts'
import type { LeaseState } from './journal-record.ts'
import type { Ask } from './lease-desk.ts'
import { Lease, type LeasedBudget, LeasePool, type Part } from './lease-pool.ts'
import { Waiter } from './waiter.ts'

export interface LedgerOptions {
  /** Sends one ask to the control plane; `onGrants` follows, sooner or later or never. */
  readonly ask: (ask: Ask) => void
  readonly journal: {
    granted(requestId: string, leases: readonly LeaseState[]): void
    closed(leaseId: string): void
  }
  readonly now: () => number
  readonly log: HostLog
}

/** How long a call waits for a lease, and how long a request may go unanswered before calls stop waiting at all. */
export const leaseWaitMs = 2_000
const idleCloseMs = 1_500
const maxWaiters = 10_000

type Charge = { readonly leaseId: string; readonly nanoUsd: number }

class LedgerHold implements Hold {
  readonly nanoUsd: number
  readonly parts: readonly Part[]
  settled: readonly Charge[] | undefined
  isRecorded = false

  constructor(nanoUsd: number, parts: readonly Part[]) {
    this.nanoUsd = nanoUsd
    this.parts = parts
  }

  get charges(): readonly { leaseId: string; budgetId: string }[] {
    return this.parts.map(({ lease, pool }) => ({ leaseId: lease.id, budgetId: pool.budgetId }))
  }
}

/** Spends leases of budgets in memory; asks for more ahead of need, and gives back what lies idle. */
export class LeaseLedger implements Ledger {
  readonly #options: LedgerOptions
  readonly #pools = new Map<string, LeasePool>()
  /** The pools of a path of budgets, looked up once for the calls that share it. */
  readonly #paths = new WeakMap<readonly BudgetNode[], readonly LeasePool[]>()
  readonly #waiters = new Set<Waiter>()
  #sweptAt: number

  constructor(options: LedgerOptions, recovered: readonly LeaseState[] = []) {
    this.#options = options
    this.#sweptAt = options.now()
    for (const lease of recovered) this.#poolOf(lease.budgetId).add(new Lease(lease, this.#sweptAt))
  }

  reserve(budgets: readonly BudgetNode[], nanoUsd: number): Hold | Shortfall | Promise<Hold | Shortfall> {
    const now = this.#options.now()
    const pools = this.#poolsOf(budgets)
    const held = tryTake(pools, nanoUsd, now)
    if (held) {
      for (const pool of pools) this.#askAhead(pool, nanoUsd, now)
      return held
    }
    const waiter = new Waiter(budgets, nanoUsd, now)
    const verdict = this.#judge(waiter, now)
    if (verdict) return verdict
    if (this.#waiters.size >= maxWaiters) return this.#shortfall(waiter, 'unavailable', now)
    this.#waiters.add(waiter)
    waiter.startTimer(leaseWaitMs, () => this.#giveUp(waiter))
    return waiter.promise
  }

  settle(hold: Hold, nanoUsd: number): readonly Charge[] {
    if (!(hold instanceof LedgerHold)) throw new TypeError('not a hold of this ledger')
    if (hold.settled) return hold.settled
    const charges: Charge[] = []
    let pool: LeasePool | undefined
    let left = 0
    for (const part of hold.parts) {
      if (part.pool !== pool) left = nanoUsd
      pool = part.pool
      const spent = Math.min(left, part.nanoUsd)
      pool.putBack(part, spent)
      left -= spent
      if (spent > 0) charges.push({ leaseId: part.leaseId, nanoUsd: spent })
    }
    hold.settled = nanoUsd > hold.nanoUsd ? this.#chargeBeyond(hold, charges, nanoUsd) : charges
    if (this.#waiters.size > 0) this.#serveWaiters()
    return hold.settled
  }

  /** What is leased of each budget, neither spent nor set aside. */
  get leased(): readonly LeasedBudget[] {
    return Array.from(this.#pools.values(), (pool) => pool.leased(this.#options.now()))
  }

  /** What a hold sets aside of each lease. */
  heldBy(hold: Hold): readonly Held[] {
    return hold instanceof LedgerHold ? hold.parts : []
  }

  /** The end of the hold's call is written: its leases may be closed. */
  recorded(hold: Hold): void {
    if (!(hold instanceof LedgerHold) || hold.isRecorded) return
    hold.isRecorded = true
    const now = this.#options.now()
    for (const { lease } of hold.parts) {
      lease.openHolds--
      lease.lastUsedAt = now
    }
  }

  /** Takes up what the control plane granted. */
  onGrants(request: LeaseRequest, grants: readonly LeaseGrant[]): void {
    const now = this.#options.now()
    const leases: LeaseState[] = []
    for (const ask of request.asks) {
      const grant = grants.find(({ budgetId }) => budgetId === ask.budgetId)
      const pool = this.#poolOf(ask.budgetId)
      if (!grant) {
        pool.askedAt = undefined
        continue
      }
      pool.learn(grant, ask.wantedNanoUsd, ask.neededNanoUsd, now)
      if (grant.leaseId === null) continue
      const { leaseId, budgetId, grantedNanoUsd: remainingNanoUsd, windowEndsAt } = grant
      const lease = { leaseId, budgetId, remainingNanoUsd, windowEndsAt }
      pool.add(new Lease(lease, now))
      leases.push(lease)
    }
    this.#options.journal.granted(request.id, leases)
    this.#serveWaiters()
  }

  /** Gives back what lies idle. Called every few hundred milliseconds. */
  sweep(): void {
    const now = this.#options.now()
    const intervalMs = Math.max(1, now - this.#sweptAt)
    this.#sweptAt = now
    for (const pool of this.#pools.values()) {
      pool.age(intervalMs)
      this.#closeLeases(pool, now, idleCloseMs)
    }
  }

  /** Gives back every lease that no call holds, whether idle or not; the others take no new call. */
  giveBack(): void {
    for (const pool of this.#pools.values()) {
      for (const lease of pool.leases) lease.isGivenBack = true
      this.#closeLeases(pool, this.#options.now(), 0)
    }
  }

  close(): void {
    for (const waiter of this.#waiters)
      this.#answer(waiter, this.#shortfall(waiter, 'unavailable', waiter.since))
    this.giveBack()
  }

  #closeLeases(pool: LeasePool, now: number, idleMs: number): void {
    for (const lease of pool.removeIdle(now, idleMs)) this.#options.journal.closed(lease.id)
    if (!pool.isForgettable(now)) return
    pool.isForgotten = true
    this.#pools.delete(pool.budgetId)
  }

  #poolsOf(budgets: readonly BudgetNode[]): readonly LeasePool[] {
    const known = this.#paths.get(budgets)
    if (known && !known.some(({ isForgotten }) => isForgotten)) return known
    const pools = budgets.map(({ id }) => this.#poolOf(id))
    this.#paths.set(budgets, pools)
    return pools
  }

  #poolOf(budgetId: string): LeasePool {
    let pool = this.#pools.get(budgetId)
    if (!pool) {
      pool = new LeasePool(budgetId)
      this.#pools.set(budgetId, pool)
    }
    return pool
  }

  #askAhead(pool: LeasePool, nanoUsd: number, now: number): void {
    if (!pool.mayAskAhead(now)) return
    const wantedNanoUsd = pool.wantedNanoUsd(nanoUsd, now)
    if (wantedNanoUsd > 0) this.#ask(pool, wantedNanoUsd, 0, now)
  }

  #ask(pool: LeasePool, wantedNanoUsd: number, neededNanoUsd: number, now: number): void {
    pool.askedAt = now
    this.#options.ask({ budgetId: pool.budgetId, wantedNanoUsd, neededNanoUsd })
  }

  /** Why a waiting call cannot be served; undefined when it may wait on, and then what it lacks is asked for. */
  #judge(waiter: Waiter, now: number): Shortfall | undefined {
    for (const node of waiter.budgets) {
      const pool = this.#poolOf(node.id)
      if (pool.covers(waiter.nanoUsd, now)) continue
      const short = Math.max(1, waiter.nanoUsd - pool.freeNanoUsd(now))
      if (pool.isRefused(short, node.limitNanoUsd, now)) {
        // What other calls of ours have set aside may come free; nobody else has to be asked for it.
        if (pool.heldNanoUsd > 0 && this.#wouldFit(pool, waiter.nanoUsd)) continue
        return exceeded(node, pool)
      }
      if (pool.askedAt === undefined) {
        pool.askedUnderNanoUsd = node.limitNanoUsd
        this.#ask(pool, Math.max(short, pool.wantedNanoUsd(waiter.nanoUsd, now)), short, now)
      } else if (now - pool.askedAt >= leaseWaitMs) {
        return this.#shortfall(waiter, 'unavailable', now)
      }
    }
    return undefined
  }

  #wouldFit({ facts }: LeasePool, nanoUsd: number): boolean {
    return facts !== undefined && BigInt(facts.limitNanoUsd) - BigInt(facts.settledNanoUsd) >= BigInt(nanoUsd)
  }

  #serveWaiters(): void {
    const now = this.#options.now()
    for (const waiter of this.#waiters) {
      const result = tryTake(this.#poolsOf(waiter.budgets), waiter.nanoUsd, now) ?? this.#judge(waiter, now)
      if (result) this.#answer(waiter, result)
    }
  }

  #giveUp(waiter: Waiter): void {
    const now = this.#options.now()
    for (const node of waiter.budgets) {
      const pool = this.#poolOf(node.id)
      if (pool.refusal && pool.refusal.at >= waiter.since && !pool.covers(waiter.nanoUsd, now)) {
        this.#answer(waiter, exceeded(node, pool))
        return
      }
    }
    this.#answer(waiter, this.#shortfall(waiter, 'unavailable', now))
  }

  #answer(waiter: Waiter, result: Hold | Shortfall): void {
    this.#waiters.delete(waiter)
    waiter.resolve(result)
  }

  #shortfall({ budgets, nanoUsd }: Waiter, reason: 'unavailable', now: number): Shortfall {
    const short = budgets.find(({ id }) => !this.#poolOf(id).covers(nanoUsd, now)) ?? budgets[0]
    if (!short) throw new TypeError('a call without budgets needs no hold')
    const { scope, id: budgetId, limitNanoUsd } = short
    return { reason, scope, budgetId, limitNanoUsd, settledNanoUsd: null, resetsAt: null }
  }

  /**
   * A call cost more than the most that it could cost. The books stay true: the last lease of each budget is charged
   * with the excess, and what it does not have is missing from the next calls.
   */
  #chargeBeyond(hold: LedgerHold, charges: readonly Charge[], nanoUsd: number): readonly Charge[] {
    const excess = nanoUsd - hold.nanoUsd
    const byLease = new Map(charges.map((charge) => [charge.leaseId, charge.nanoUsd]))
    const lastParts = new Map(hold.parts.map((part) => [part.pool, part]))
    for (const [pool, { lease }] of lastParts) {
      pool.spendBeyond(lease, excess)
      byLease.set(lease.id, (byLease.get(lease.id) ?? 0) + excess)
    }
    const fields = { costNanoUsd: nanoUsd, heldNanoUsd: hold.nanoUsd }
    this.#options.log.error(fields, 'a call cost more than was set aside for it')
    return Array.from(byLease, ([leaseId, spent]) => ({ leaseId, nanoUsd: spent }))
  }
}

function tryTake(pools: readonly LeasePool[], nanoUsd: number, now: number): LedgerHold | undefined {
  for (const pool of pools) if (!pool.covers(nanoUsd, now)) return undefined
  const parts: Part[] = []
  for (const pool of pools) pool.take(nanoUsd, now, parts)
  return new LedgerHold(nanoUsd, parts)
}

function exceeded({ id, scope, limitNanoUsd }: BudgetNode, { facts }: LeasePool): Shortfall {
  const endsAt = facts?.windowEndsAt ?? null
  return {
    reason: 'exceeded',
    scope,
    budgetId: id,
    limitNanoUsd: facts?.limitNanoUsd ?? limitNanoUsd,
    settledNanoUsd: facts?.settledNanoUsd ?? null,
    resetsAt: endsAt === null ? null : new Date(endsAt).toISOString(),
  }
}
