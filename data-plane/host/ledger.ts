import type { BudgetHolding } from '../../contract/budget-holdings.ts'
import type { LeaseGrant, LeaseRequest } from '../../contract/leases.ts'
import type { BudgetNode, Hold, Ledger, Shortfall } from '../../plugins/sdk/builtin.ts'
import type { HostLog } from './host-log.ts'
import type { Held } from './journal.ts'
import type { LeaseState } from './journal-record.ts'
import type { Ask } from './lease-desk.ts'
import { Lease, type LeasedBudget, LeasePool } from './lease-pool.ts'
import { type Charge, LedgerHold, type PathLevel, takeHold } from './ledger-hold.ts'
import { Waiter } from './waiter.ts'
import { WaitingCalls } from './waiting-calls.ts'

export interface LedgerOptions {
  /** Sends one ask to the control plane; `onGrants` follows, sooner or later or never. */
  readonly ask: (ask: Ask) => void
  readonly journal: {
    granted(requestId: string, leases: readonly LeaseState[]): void
    closed(leaseId: string): void
    /** Tells from then on whether the control plane has all that is recorded by now. */
    confirmation(): () => boolean
  }
  readonly now: () => number
  readonly log: HostLog
}

/** How long a call waits for a lease, and how long a request may go unanswered before calls stop waiting at all. */
export const leaseWaitMs = 2_000
const idleCloseMs = 1_500
const maxWaiters = 10_000

/** Spends leases of budgets in memory; asks for more ahead of need, and gives back what lies idle. */
export class LeaseLedger implements Ledger {
  readonly #options: LedgerOptions
  readonly #pools = new Map<string, LeasePool>()
  /** The levels of a path of budgets, looked up once for the calls that share it. */
  readonly #paths = new WeakMap<readonly BudgetNode[], readonly PathLevel[]>()
  readonly #waiting = new WaitingCalls()
  #sweptAt: number

  /** Takes up the leases of the last process, and the asks that nobody has answered it. */
  constructor(
    options: LedgerOptions,
    recovered: readonly LeaseState[] = [],
    unanswered: readonly Ask[] = [],
  ) {
    this.#options = options
    this.#sweptAt = options.now()
    for (const state of recovered) {
      const lease = new Lease(state, this.#sweptAt)
      if (lease.freeNanoUsd < 0) lease.isConfirmed = options.journal.confirmation()
      this.#poolOf(state.budgetId).add(lease)
    }
    for (const { budgetId } of unanswered) this.#poolOf(budgetId).askedAt = this.#sweptAt
  }

  reserve(
    budgets: readonly BudgetNode[],
    most: number,
    likely = most,
  ): Hold | Shortfall | Promise<Hold | Shortfall> {
    const now = this.#options.now()
    const levels = this.#levelsOf(budgets)
    const cost = { most, likely }
    const held = takeHold(levels, cost, now)
    if (held) {
      for (const { pool, isBalanced } of levels) this.#askAhead(pool, isBalanced ? likely : most, now)
      return held
    }
    const waiter = new Waiter(budgets, cost, now)
    const verdict = this.#judge(waiter, now)
    if (verdict) return verdict
    if (this.#waiting.size > maxWaiters) {
      this.#waiting.remove(waiter)
      return this.#shortfall(waiter, 'unavailable', now)
    }
    waiter.startTimer(leaseWaitMs, () => this.#giveUp(waiter))
    return waiter.promise
  }

  settle(hold: Hold, nanoUsd: number): readonly Charge[] {
    if (!(hold instanceof LedgerHold)) throw new TypeError('not a hold of this ledger')
    if (hold.settled) return hold.settled
    const charges = hold.settle(nanoUsd)
    if (hold.isExceededBy(nanoUsd)) {
      const fields = { costNanoUsd: nanoUsd, heldNanoUsd: hold.nanoUsd }
      this.#options.log.error(fields, 'a call cost more than the most that it could cost')
    }
    if (this.#waiting.size > 0) this.#serve(hold.parts.map(({ pool }) => pool.budgetId))
    return charges
  }

  /** What is leased of each budget, neither spent nor set aside. */
  get leased(): readonly LeasedBudget[] {
    return Array.from(this.#pools.values(), (pool) => pool.leased(this.#options.now()))
  }

  /** The budgets of which calls under way hold something, or may overspend. */
  get holdings(): readonly BudgetHolding[] {
    const now = this.#options.now()
    const holdings: BudgetHolding[] = []
    for (const pool of this.#pools.values()) {
      const holding = pool.holding(now)
      if (holding) holdings.push(holding)
    }
    return holdings
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
      if (lease.freeNanoUsd < 0) lease.isConfirmed = this.#options.journal.confirmation()
    }
  }

  /** Takes up what the control plane granted. */
  onGrants(request: LeaseRequest, grants: readonly LeaseGrant[]): void {
    const now = this.#options.now()
    const leases: LeaseState[] = []
    for (const { leaseId, budgetId, grantedNanoUsd: remainingNanoUsd, windowEndsAt } of grants) {
      if (leaseId === null) continue
      const lease = { leaseId, budgetId, remainingNanoUsd, windowEndsAt }
      this.#poolOf(budgetId).add(new Lease(lease, now))
      leases.push(lease)
    }
    const byBudget = new Map(grants.map((grant) => [grant.budgetId, grant]))
    for (const { budgetId, wantedNanoUsd, neededNanoUsd } of request.asks) {
      const pool = this.#poolOf(budgetId)
      const grant = byBudget.get(budgetId)
      if (grant) pool.learn(grant, wantedNanoUsd, neededNanoUsd, now)
      else pool.askedAt = undefined
    }
    this.#options.journal.granted(request.id, leases)
    this.#serve(request.asks.map(({ budgetId }) => budgetId))
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
    for (const waiter of this.#waiting)
      this.#answer(waiter, this.#shortfall(waiter, 'unavailable', waiter.since))
    this.giveBack()
  }

  #closeLeases(pool: LeasePool, now: number, idleMs: number): void {
    for (const lease of pool.removeIdle(now, idleMs)) this.#options.journal.closed(lease.id)
    if (!pool.isForgettable(now)) return
    pool.isForgotten = true
    this.#pools.delete(pool.budgetId)
  }

  #levelsOf(budgets: readonly BudgetNode[]): readonly PathLevel[] {
    const known = this.#paths.get(budgets)
    if (known && !known.some(({ pool }) => pool.isForgotten)) return known
    const levels = budgets.map(({ id, mode }) => ({
      pool: this.#poolOf(id),
      isBalanced: mode === 'balanced',
    }))
    this.#paths.set(budgets, levels)
    return levels
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

  /** Why a call cannot be served; undefined when it waits, and then what it lacks is asked for. */
  #judge(waiter: Waiter, now: number): Shortfall | undefined {
    const lacked: string[] = []
    for (const node of waiter.budgets) {
      const pool = this.#poolOf(node.id)
      const nanoUsd = waiter.nanoUsdFor(node)
      if (pool.covers(nanoUsd, now)) continue
      lacked.push(node.id)
      const short = Math.max(1, nanoUsd - pool.freeNanoUsd(now))
      if (pool.isRefused(short, node.limitNanoUsd, now)) {
        // What other calls of ours have set aside may come free; nobody else has to be asked for it.
        if (pool.heldNanoUsd > 0 && this.#wouldFit(pool, nanoUsd)) continue
        return exceeded(node, pool)
      }
      if (pool.askedAt === undefined) {
        pool.askedUnderNanoUsd = node.limitNanoUsd
        this.#ask(pool, Math.max(short, pool.wantedNanoUsd(nanoUsd, now)), short, now)
      } else if (now - pool.askedAt >= leaseWaitMs) {
        return this.#shortfall(waiter, 'unavailable', now)
      }
    }
    this.#waiting.put(waiter, lacked)
    return undefined
  }

  #wouldFit({ facts }: LeasePool, nanoUsd: number): boolean {
    return facts !== undefined && BigInt(facts.limitNanoUsd) - BigInt(facts.settledNanoUsd) >= BigInt(nanoUsd)
  }

  /** Serves the calls that lacked one of these budgets, as far as they may be by now. */
  #serve(budgetIds: readonly string[]): void {
    const now = this.#options.now()
    for (const waiter of this.#waiting.lacking(budgetIds)) {
      const result = takeHold(this.#levelsOf(waiter.budgets), waiter.cost, now) ?? this.#judge(waiter, now)
      if (result) this.#answer(waiter, result)
    }
  }

  #giveUp(waiter: Waiter): void {
    const now = this.#options.now()
    for (const node of waiter.budgets) {
      const pool = this.#poolOf(node.id)
      if (pool.refusal && pool.refusal.at >= waiter.since && !pool.covers(waiter.nanoUsdFor(node), now)) {
        this.#answer(waiter, exceeded(node, pool))
        return
      }
    }
    this.#answer(waiter, this.#shortfall(waiter, 'unavailable', now))
  }

  #answer(waiter: Waiter, result: Hold | Shortfall): void {
    this.#waiting.remove(waiter)
    waiter.resolve(result)
  }

  #shortfall(waiter: Waiter, reason: 'unavailable', now: number): Shortfall {
    const { budgets } = waiter
    const short =
      budgets.find((node) => !this.#poolOf(node.id).covers(waiter.nanoUsdFor(node), now)) ?? budgets[0]
    if (!short) throw new TypeError('a call without budgets needs no hold')
    const { scope, id: budgetId, limitNanoUsd } = short
    return { reason, scope, budgetId, limitNanoUsd, settledNanoUsd: null, resetsAt: null }
  }
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
