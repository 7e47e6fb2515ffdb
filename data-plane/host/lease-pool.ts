import type { BudgetHolding } from '../../contract/budget-holdings.ts'
import type { LeaseGrant } from '../../contract/leases.ts'
import type { LeaseState } from './journal-record.ts'

/** A part of a budget that this data plane may spend. */
export class Lease {
  readonly id: string
  readonly windowEndsAt: number | null
  /** Neither spent nor set aside; below 0 once calls cost more than was set aside for them. */
  freeNanoUsd: number
  /** Set aside for calls that are under way. */
  heldNanoUsd = 0
  /** Calls whose holds on this lease are not recorded as ended; it cannot be closed before. */
  openHolds = 0
  lastUsedAt: number
  /** To be closed when the last of those calls has ended. */
  isGivenBack = false
  /** Of a lease that owes: whether the control plane knows all that it owes. */
  isConfirmed: (() => boolean) | undefined

  constructor({ leaseId, remainingNanoUsd, windowEndsAt }: LeaseState, now: number) {
    this.id = leaseId
    this.windowEndsAt = windowEndsAt
    this.freeNanoUsd = remainingNanoUsd
    this.lastUsedAt = now
  }

  isUsable(now: number): boolean {
    return !this.isGivenBack && (this.windowEndsAt === null || now < this.windowEndsAt)
  }
}

/** Money set aside on one lease for one call. */
export interface Part {
  readonly pool: LeasePool
  readonly lease: Lease
  readonly leaseId: string
  readonly nanoUsd: number
}

/** A budget as its last grant showed it. */
export type BudgetFacts = Pick<
  LeaseGrant,
  'limitNanoUsd' | 'settledNanoUsd' | 'unleasedNanoUsd' | 'windowEndsAt'
>

/** Where the money of a budget stands on this data plane. */
export interface LeasedBudget {
  readonly budgetId: string
  /** Leased, neither spent nor set aside. */
  readonly freeNanoUsd: number
  /** What was spent lately. */
  readonly nanoUsdPerSecond: number
  /** By how much the calls of this data plane can overspend it: what they may cost beyond what is leased. */
  readonly overspendBoundNanoUsd: number
  /** Calls under way of which nobody can say how much they may cost; the bound does not hold them. */
  readonly unboundedCalls: number
}

export interface Refusal {
  readonly at: number
  readonly neededNanoUsd: number
}

/** How much spending a pool keeps in hand, by what it spent lately: a busy control plane may take seconds to answer. */
const horizonSeconds = 10
/** A pool that just got less than it wanted does not ask ahead for so long. */
const tightMs = 1_000
/** For so long a refusal answers further calls that need as much, so that an empty budget asks for nothing. */
const refusalMs = 500
/** A refusal is remembered at least as long as a call may wait. */
const refusalMemoryMs = 5_000

/** The leases of one budget, oldest first. */
export class LeasePool {
  readonly budgetId: string
  readonly leases: Lease[] = []
  facts: BudgetFacts | undefined
  refusal: Refusal | undefined
  /** When the request that is under way was made; undefined when there is none. */
  askedAt: number | undefined
  /** The configured limit when a call last had to ask: what is granted may know of an override, which adds to it. */
  askedUnderNanoUsd: string | undefined
  tightUntil = 0
  /** Another may stand for its budget by now. */
  isForgotten = false
  #heldNanoUsd = 0
  #peakHeldNanoUsd = 0
  #spentNanoUsd = 0
  #spentPerSecond = 0
  #hasDebt = false
  #exposedNanoUsd = 0
  #unboundedCalls = 0

  constructor(budgetId: string) {
    this.budgetId = budgetId
  }

  /** Set aside for calls that are under way. */
  get heldNanoUsd(): number {
    return this.#heldNanoUsd
  }

  leased(now: number): LeasedBudget {
    return {
      budgetId: this.budgetId,
      freeNanoUsd: Math.max(0, this.freeNanoUsd(now)),
      nanoUsdPerSecond: this.#spentPerSecond,
      overspendBoundNanoUsd: this.#overspendBoundNanoUsd(now),
      unboundedCalls: this.#unboundedCalls,
    }
  }

  /** Undefined where there is nothing to tell. */
  holding(now: number): BudgetHolding | undefined {
    const overspendBoundNanoUsd = this.#overspendBoundNanoUsd(now)
    const unboundedCalls = this.#unboundedCalls
    if (this.#heldNanoUsd === 0 && overspendBoundNanoUsd === 0 && unboundedCalls === 0) return undefined
    const byWindow = Map.groupBy(this.leases, ({ windowEndsAt }) => windowEndsAt)
    const held = Array.from(byWindow, ([windowEndsAt, leases]) => ({
      windowEndsAt,
      nanoUsd: leases.reduce((sum, { heldNanoUsd }) => sum + heldNanoUsd, 0),
    }))
    return { budgetId: this.budgetId, held, overspendBoundNanoUsd, unboundedCalls }
  }

  /** What a lease owes is taken from the others; below 0 when they do not have it. */
  freeNanoUsd(now: number): number {
    let free = 0
    for (const lease of this.leases) if (lease.isUsable(now)) free += lease.freeNanoUsd
    return free
  }

  /** Whether `nanoUsd` can be set aside now. */
  covers(nanoUsd: number, now: number): boolean {
    const [first] = this.leases
    if (first && first.freeNanoUsd >= nanoUsd && !this.#hasDebt && first.isUsable(now)) return true
    return nanoUsd === 0
      ? this.leases.some((lease) => lease.freeNanoUsd >= 0 && lease.isUsable(now))
      : this.freeNanoUsd(now) >= nanoUsd
  }

  /** Sets money aside, from the oldest lease on; the caller knows that it is there. */
  take(nanoUsd: number, now: number, parts: Part[]): void {
    let left = nanoUsd
    for (const lease of this.leases) {
      if (!lease.isUsable(now)) continue
      const part = Math.min(left, lease.freeNanoUsd)
      if (part < 0 || (part === 0 && left > 0)) continue
      lease.freeNanoUsd -= part
      lease.heldNanoUsd += part
      lease.openHolds++
      lease.lastUsedAt = now
      parts.push({ pool: this, lease, leaseId: lease.id, nanoUsd: part })
      left -= part
      if (left === 0) break
    }
    this.#heldNanoUsd += nanoUsd
    if (this.#heldNanoUsd > this.#peakHeldNanoUsd) this.#peakHeldNanoUsd = this.#heldNanoUsd
  }

  /** Ends a part: `spentNanoUsd` is gone, be it more than was set aside, and what is left is free again. */
  putBack({ lease, nanoUsd }: Part, spentNanoUsd: number): void {
    lease.freeNanoUsd += nanoUsd - spentNanoUsd
    lease.heldNanoUsd -= nanoUsd
    if (lease.freeNanoUsd < 0) this.#hasDebt = true
    this.#heldNanoUsd -= nanoUsd
    this.#spentNanoUsd += spentNanoUsd
  }

  /** A call may cost so much more than was set aside for it; `Infinity`: nobody can say how much. */
  expose(nanoUsd: number): void {
    if (nanoUsd === Number.POSITIVE_INFINITY) this.#unboundedCalls++
    else this.#exposedNanoUsd += nanoUsd
  }

  /** The call has ended. */
  cover(nanoUsd: number): void {
    if (nanoUsd === Number.POSITIVE_INFINITY) this.#unboundedCalls--
    else this.#exposedNanoUsd -= nanoUsd
  }

  add(lease: Lease): void {
    this.leases.push(lease)
    if (lease.freeNanoUsd < 0) this.#hasDebt = true
  }

  /** What this pool would like to have free beside what it has; 0 while there is enough. */
  wantedNanoUsd(callNanoUsd: number, now: number): number {
    const target = Math.max(
      2 * callNanoUsd,
      2 * this.#peakHeldNanoUsd + Math.ceil(horizonSeconds * this.#spentPerSecond),
    )
    const free = this.freeNanoUsd(now)
    return free * 2 >= target ? 0 : target - free
  }

  mayAskAhead(now: number): boolean {
    return this.askedAt === undefined && now >= this.tightUntil
  }

  learn(grant: LeaseGrant, wantedNanoUsd: number, neededNanoUsd: number, now: number): void {
    this.askedAt = undefined
    this.facts = grant
    const isShort = grant.grantedNanoUsd < neededNanoUsd || (grant.leaseId === null && neededNanoUsd > 0)
    this.refusal = isShort ? { at: now, neededNanoUsd } : undefined
    if (grant.grantedNanoUsd < wantedNanoUsd) this.tightUntil = now + tightMs
  }

  /** Whether a call that lacks so much need not be asked for again. `limitNanoUsd` is what the configuration says now. */
  isRefused(shortNanoUsd: number, limitNanoUsd: string, now: number): boolean {
    const { refusal, facts } = this
    if (!refusal || !facts || shortNanoUsd < refusal.neededNanoUsd) return false
    // A limit that was changed, or a window that is over, is asked about anew.
    if (facts.windowEndsAt !== null && now >= facts.windowEndsAt) return false
    return now - refusal.at < refusalMs && this.askedUnderNanoUsd === limitNanoUsd
  }

  /** Forgets a little of the past; called at even intervals. */
  age(intervalMs: number): void {
    const perSecond = (this.#spentNanoUsd * 1000) / intervalMs
    this.#spentPerSecond = 0.7 * this.#spentPerSecond + 0.3 * perSecond
    this.#spentNanoUsd = 0
    this.#peakHeldNanoUsd = Math.max(this.#heldNanoUsd, Math.floor(this.#peakHeldNanoUsd / 2))
  }

  /** Removes and returns the leases that serve nobody: spent, out of their window, or idle for `idleMs`. */
  removeIdle(now: number, idleMs: number): Lease[] {
    const idle = this.leases.filter(
      (lease) =>
        lease.openHolds === 0 &&
        !this.#mustRemember(lease, now) &&
        (lease.freeNanoUsd <= 0 || !lease.isUsable(now) || now - lease.lastUsedAt >= idleMs),
    )
    for (const lease of idle) this.leases.splice(this.leases.indexOf(lease), 1)
    this.#hasDebt = this.leases.some(({ freeNanoUsd }) => freeNanoUsd < 0)
    return idle
  }

  /** What a lease owes is missing from every grant that was made before the control plane knew. */
  #mustRemember({ freeNanoUsd, windowEndsAt, isConfirmed }: Lease, now: number): boolean {
    if (freeNanoUsd >= 0 || (windowEndsAt !== null && now >= windowEndsAt)) return false
    return this.askedAt !== undefined || isConfirmed?.() !== true
  }

  #overspendBoundNanoUsd(now: number): number {
    return this.#exposedNanoUsd + this.#owedNanoUsd(now)
  }

  #owedNanoUsd(now: number): number {
    let owed = 0
    for (const lease of this.leases) if (lease.isUsable(now)) owed += Math.max(0, -lease.freeNanoUsd)
    return owed
  }

  /** Whether nothing is left that would be missed. */
  isForgettable(now: number): boolean {
    const isRefused = this.refusal !== undefined && now - this.refusal.at < refusalMemoryMs
    return this.leases.length === 0 && this.askedAt === undefined && !isRefused
  }
}
