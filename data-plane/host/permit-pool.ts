import type { LimitNode, LimitStanding } from '../../plugins/sdk/builtin.ts'
import { type PermitGrant, type PermitRequest, permitHoldMs } from '../../transport/limit-store.ts'
import { LocalWindow, type Uses } from './local-window.ts'
import type { Block, ReturnedPermits } from './permit-block.ts'
import { UseRate } from './use-rate.ts'
import { WaitingAmounts } from './waiting-amounts.ts'

/** What one call took of one limit, as far as it came out of one block. */
export interface Draw {
  readonly pool: PermitPool
  /** Undefined while the store is out of reach. */
  readonly block: Block | undefined
  readonly uses: Uses
  permits: number
}

/** A refusal by the store answers further calls for so long, at most: a permit may come back any time. */
const longestRefusalMs = 100
/** Of the time for which permits may be held: those with less of it left are given back. */
const giveBackShare = 0.4
/** And for so much of it before that, permits have to last, or more are asked for while calls need not wait for them. */
const leadShare = 0.1

/** The permits of one limit that this data plane holds: each for one request, or for one token. */
export class PermitPool {
  readonly node: LimitNode
  /** How long permits of this limit may be held. */
  readonly holdMs: number
  /** Calls that wait for permits now. */
  readonly waiting = new WaitingAmounts()
  /** Another may stand for its limit by now. */
  isForgotten = false
  /** Those with permits that nobody uses, oldest first. */
  #blocks: Block[] = []
  readonly #returned: ReturnedPermits
  readonly #window: LocalWindow
  readonly #rate = new UseRate()
  #refusedUntil = 0
  /** What the store refused; less than that it might have granted. */
  #refusedPermits = 0
  #retryAt = 0
  /** What the store had left when it answered last. */
  #remaining = 0
  /** When all that it had given out by then has stopped counting. */
  #fullAt = 0

  constructor(node: LimitNode, returned: ReturnedPermits) {
    this.node = node
    this.holdMs = permitHoldMs(this.windowMs)
    this.#returned = returned
    this.#window = new LocalWindow(this.windowMs)
  }

  get windowMs(): number {
    return this.node.windowSeconds * 1000
  }

  /** What a call with so many tokens takes of this limit. */
  amountOf(tokens: number): number {
    return this.node.unit === 'tokens' ? tokens : 1
  }

  has(now: number, permits: number): boolean {
    this.#dropExpired(now)
    let left = permits
    for (const { free } of this.#blocks) {
      left -= free
      if (left <= 0) return true
    }
    return false
  }

  /** Whether calls will soon have to wait, unless more permits come; never for a limit that is seldom used. */
  isRunningLow(now: number): boolean {
    const soonMs = this.holdMs * leadShare
    if (this.#rate.usesIn(soonMs) < 1 || now < this.#refusedUntil) return false
    const lastUntil = now + this.holdMs * giveBackShare + soonMs
    let lasting = 0
    for (const { free, usableUntil } of this.#blocks) if (usableUntil >= lastUntil) lasting += free
    return lasting < this.#rate.amountIn(soonMs)
  }

  /** Uses permits; the caller knows that there are so many. */
  use(now: number, permits: number, draws: Draw[]): void {
    const uses = this.#record(now, permits)
    let left = permits
    for (let first = this.#blocks[0]; first && left > 0; first = this.#blocks[0]) {
      const drawn = Math.min(left, first.free)
      first.free -= drawn
      left -= drawn
      draws.push({ pool: this, block: first, uses, permits: drawn })
      if (first.free === 0) this.#blocks.shift()
    }
  }

  /** Uses of this data plane's own share, without the store. */
  useAlone(now: number, permits: number, draws: Draw[]): void {
    draws.push({ pool: this, block: undefined, uses: this.#record(now, permits), permits })
  }

  /**
   * Takes back permits that a call did not use: for the next call, or for the store once they cannot be held much longer.
   *
   * @returns how many of them this draw had
   */
  takeBack(draw: Draw, permits: number, now: number): number {
    const returned = Math.min(permits, draw.permits)
    draw.permits -= returned
    this.#window.takeBack(draw.uses, returned)
    if (draw.block && returned > 0) this.#reopen(draw.block, returned, now)
    return returned
  }

  /** Milliseconds until this data plane's own share allows so many more uses. */
  waitAloneMs(now: number, share: number, permits: number): number {
    return this.#window.waitMs(now, share, permits)
  }

  /** Milliseconds until the store may have so many permits; undefined when it has not refused as many lately. */
  refusedForMs(now: number, permits: number): number | undefined {
    if (now >= this.#refusedUntil || permits - this.#free() < this.#refusedPermits) return undefined
    return Math.max(1, this.#retryAt - now)
  }

  /** What to ask of the store: enough for those who wait and for what the next half of the hold will bring. */
  request(now: number): PermitRequest {
    this.#rate.measure(now)
    const { id: limitId, max } = this.node
    const aheadMs = this.holdMs * 0.5
    const ahead = this.#rate.usesIn(aheadMs) < 1 ? 0 : Math.floor(this.#rate.amountIn(aheadMs))
    const least = this.waiting.smallest ?? this.#rate.amountOfOne
    const needed = Math.min(max, Math.max(1, least - this.#free()))
    const wanted = Math.min(max, Math.max(needed, this.waiting.total + ahead))
    return { limitId, max, windowMs: this.windowMs, needed, wanted }
  }

  /** Takes up a grant for a request that was made at `askedAt`. */
  learn(grant: PermitGrant, { needed }: PermitRequest, askedAt: number, now: number): void {
    const { grantId, granted, holdMs, remaining, retryAfterMs } = grant
    this.#remaining = remaining
    if (granted === 0) {
      this.#fullAt = Math.max(this.#fullAt, now + retryAfterMs)
      this.#retryAt = now + retryAfterMs
      this.#refusedUntil = now + Math.min(retryAfterMs, longestRefusalMs)
      this.#refusedPermits = needed
      return
    }
    const countsUntil = now + holdMs + this.windowMs
    this.#fullAt = countsUntil
    const counts = { limitId: this.node.id, grantId, free: granted, kept: granted }
    this.#blocks.push({ ...counts, usableUntil: askedAt + holdMs, countsUntil })
  }

  /** What is left of the limit, as the store said last; all of it once nothing that it said can count any more. */
  standing(now: number): LimitStanding {
    const limit = this.node
    if (now >= this.#fullAt) return { limit, remaining: limit.max, resetMs: 0 }
    this.#dropExpired(now)
    const remaining = Math.min(limit.max, this.#remaining + this.#free())
    return { limit, remaining, resetMs: this.#fullAt - now }
  }

  /** What is left of this data plane's own share. */
  standingAlone(now: number, share: number): LimitStanding {
    const remaining = Math.max(0, share - this.#window.used(now))
    return { limit: this.node, remaining, resetMs: this.#window.emptyInMs(now) }
  }

  /** Gives back the permits that will not be used in time. */
  returnEnding(now: number): void {
    this.#dropUntil(now + this.holdMs * giveBackShare)
  }

  returnAll(): void {
    this.#dropUntil(Number.POSITIVE_INFINITY)
  }

  /** Whether nothing would be missed if the pool were forgotten. */
  isForgettable(now: number): boolean {
    return this.waiting.total === 0 && this.#blocks.length === 0 && this.#window.isIdle(now)
  }

  #free(): number {
    let free = 0
    for (const block of this.#blocks) free += block.free
    return free
  }

  #dropExpired(now: number): void {
    const [first] = this.#blocks
    if (first && now >= first.usableUntil) this.#dropUntil(now)
  }

  /** Blocks that cannot be used at that time any more. */
  #dropUntil(time: number): void {
    for (let first = this.#blocks[0]; first && first.usableUntil <= time; first = this.#blocks[0]) {
      this.#blocks.shift()
      this.#return(first, first.free)
      first.free = 0
    }
  }

  #reopen(block: Block, permits: number, now: number): void {
    if (this.isForgotten || block.usableUntil <= now + this.holdMs * giveBackShare) {
      this.#return(block, permits)
      return
    }
    block.free += permits
    if (block.free > permits) return
    let index = this.#blocks.length
    while (index > 0 && (this.#blocks[index - 1]?.usableUntil ?? 0) > block.usableUntil) index--
    this.#blocks.splice(index, 0, block)
  }

  #return(block: Block, permits: number): void {
    this.#returned.add(block, permits)
    this.#remaining += permits
  }

  #record(now: number, permits: number): Uses {
    this.#rate.record(permits)
    return this.#window.record(now, permits)
  }
}
