import type { ConcurrencyLimit } from '../../plugins/sdk/builtin.ts'
import { type SlotRequest, slotLeaseMs } from '../../transport/slot-store.ts'

/** A refusal by the store answers further calls for so long. */
const refusalMs = 50

/** The slots of one limit that this data plane holds, and the calls that use them. */
export class SlotPool {
  limit: ConcurrencyLimit
  /** Calls that wait for a slot now. */
  waiting = 0
  /** The store is being asked. */
  isAsking = false
  #inUse = 0
  /** The most that were in use since the store was asked last. */
  #peak = 0
  #slots = 0
  #heldUntil = 0
  #refusedUntil = 0

  constructor(limit: ConcurrencyLimit) {
    this.limit = limit
  }

  get isIdle(): boolean {
    return this.#inUse === 0 && this.waiting === 0 && this.#slots === 0 && !this.isAsking
  }

  hasFree(now: number): boolean {
    return this.#inUse < Math.min(this.#slots, this.limit.max) && now < this.#heldUntil
  }

  hasFreeAlone(share: number): boolean {
    return this.#inUse < share
  }

  isRefused(now: number): boolean {
    return now < this.#refusedUntil
  }

  use(): void {
    this.#inUse++
    if (this.#inUse > this.#peak) this.#peak = this.#inUse
  }

  free(): void {
    this.#inUse--
  }

  /** Slots for calls that may come are given up with the next request. */
  expectNone(): void {
    this.#peak = 0
  }

  /**
   * What to ask of the store: slots for the calls under way, for those who wait, and for as many as there were at most of
   * late. More than that is given up before the store hears of it, so that nobody uses what another was granted.
   */
  request(): SlotRequest {
    const wanted = Math.max(this.#peak, this.#inUse + this.waiting)
    this.#peak = this.#inUse
    this.#slots = Math.min(this.#slots, Math.max(wanted, this.#inUse))
    return { limitId: this.limit.id, max: this.limit.max, inUse: this.#inUse, wanted }
  }

  learn(slots: number, { wanted }: SlotRequest, askedAt: number, now: number): void {
    this.#slots = slots
    this.#heldUntil = askedAt + slotLeaseMs
    if (slots < wanted) this.#refusedUntil = now + refusalMs
  }
}
