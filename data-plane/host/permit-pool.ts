import type { LimitNode, LimitStanding } from '../../plugins/sdk/builtin.ts'
import { type PermitGrant, type PermitRequest, permitHoldMs } from '../../transport/limit-store.ts'
import { LocalWindow } from './local-window.ts'

interface Block {
  permits: number
  readonly usableUntil: number
}

/** A refusal by the store answers further calls for so long, at most: a permit may come back any time. */
const longestRefusalMs = 100
const ratePeriodMs = 250
/** Of the time for which permits may be held: those with less of it left are given back. */
const giveBackShare = 0.4
/** And for so much of it before that, permits have to last, or more are asked for while calls need not wait for them. */
const leadShare = 0.1

/** The permits of one limit that this data plane holds. */
export class PermitPool {
  readonly node: LimitNode
  /** How long permits of this limit may be held. */
  readonly holdMs: number
  #blocks: Block[] = []
  readonly #window: LocalWindow
  #refusedUntil = 0
  #retryAt = 0
  /** What the store had left when it answered last. */
  #remaining = 0
  /** When all that it had given out by then has stopped counting. */
  #fullAt = 0
  #takes = 0
  #takesPerMs = 0
  #ratedAt = 0
  /** Calls that wait for permits now. */
  waiting = 0
  /** Another may stand for its limit by now. */
  isForgotten = false

  constructor(node: LimitNode) {
    this.node = node
    this.holdMs = permitHoldMs(this.windowMs)
    this.#window = new LocalWindow(this.windowMs)
  }

  get windowMs(): number {
    return this.node.windowSeconds * 1000
  }

  has(now: number): boolean {
    for (let first = this.#blocks[0]; first; first = this.#blocks[0]) {
      if (first.permits > 0 && now < first.usableUntil) return true
      this.#blocks.shift()
    }
    return false
  }

  /** Whether calls will soon have to wait, unless more permits come; never for a limit that is seldom used. */
  isRunningLow(now: number): boolean {
    const soonUsed = this.#takesPerMs * this.holdMs * leadShare
    if (soonUsed < 1 || now < this.#refusedUntil) return false
    const lastUntil = now + this.holdMs * (giveBackShare + leadShare)
    let lasting = 0
    for (const { permits, usableUntil } of this.#blocks) if (usableUntil >= lastUntil) lasting += permits
    return lasting < soonUsed
  }

  /** Uses one permit; the caller knows that there is one. */
  use(now: number): void {
    const first = this.#blocks[0]
    if (first) first.permits--
    this.#recordUse(now)
  }

  /** Uses one of this data plane's own share, without the store. */
  useAlone(now: number): void {
    this.#recordUse(now)
  }

  /** Milliseconds until this data plane's own share allows one more use. */
  waitAloneMs(now: number, share: number): number {
    return this.#window.waitMs(now, share)
  }

  /** Milliseconds until the store may have a permit again; undefined when it has not refused lately. */
  refusedForMs(now: number): number | undefined {
    return now < this.#refusedUntil ? Math.max(1, this.#retryAt - now) : undefined
  }

  /** What to ask of the store: enough for those who wait and for what the next half of the hold will bring. */
  request(now: number): PermitRequest {
    this.#rate(now)
    const ahead = Math.floor(this.#takesPerMs * this.holdMs * 0.5)
    const { id: limitId, max: maxRequests } = this.node
    const wanted = Math.min(maxRequests, Math.max(1, this.waiting + ahead))
    return { limitId, maxRequests, windowMs: this.windowMs, wanted }
  }

  /** Takes up a grant for a request that was made at `askedAt`. */
  learn({ granted, holdMs, remaining, retryAfterMs }: PermitGrant, askedAt: number, now: number): void {
    this.#remaining = remaining
    if (granted > 0) {
      this.#blocks.push({ permits: granted, usableUntil: askedAt + holdMs })
      this.#fullAt = now + holdMs + this.windowMs
    } else {
      this.#fullAt = Math.max(this.#fullAt, now + retryAfterMs)
      this.#retryAt = now + retryAfterMs
      this.#refusedUntil = now + Math.min(retryAfterMs, longestRefusalMs)
    }
  }

  /** What is left of the limit, as the store said last; all of it once nothing that it said can count any more. */
  standing(now: number): LimitStanding {
    const limit = this.node
    if (now >= this.#fullAt) return { limit, remaining: limit.max, resetMs: 0 }
    let remaining = this.#remaining
    for (const { permits, usableUntil } of this.#blocks) if (now < usableUntil) remaining += permits
    return { limit, remaining: Math.min(limit.max, remaining), resetMs: this.#fullAt - now }
  }

  /** What is left of this data plane's own share. */
  standingAlone(now: number, share: number): LimitStanding {
    const remaining = Math.max(0, share - this.#window.used(now))
    return { limit: this.node, remaining, resetMs: this.#window.emptyInMs(now) }
  }

  /** Removes the permits that will not be used in time, and says how many there were. */
  removeEnding(now: number): number {
    return this.#remove(({ usableUntil }) => usableUntil < now + this.holdMs * giveBackShare)
  }

  /** Removes all permits, and says how many there were. */
  removeAll(): number {
    return this.#remove(() => true)
  }

  /** Whether nothing would be missed if the pool were forgotten. */
  isForgettable(now: number): boolean {
    return this.waiting === 0 && this.#blocks.length === 0 && this.#window.isIdle(now)
  }

  #remove(isOver: (block: Block) => boolean): number {
    let permits = 0
    this.#blocks = this.#blocks.filter((block) => {
      if (!isOver(block)) return true
      permits += block.permits
      return false
    })
    return permits
  }

  #recordUse(now: number): void {
    this.#takes++
    this.#window.record(now)
  }

  #rate(now: number): void {
    const elapsedMs = now - this.#ratedAt
    if (elapsedMs < ratePeriodMs) return
    this.#takesPerMs = this.#takes / elapsedMs
    this.#takes = 0
    this.#ratedAt = now
  }
}
