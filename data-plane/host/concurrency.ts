import type { CallSlot, Concurrency, ConcurrencyLimit } from '../../plugins/sdk/builtin.ts'
import type { SlotStore } from '../../transport/slot-store.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'
import { SlotPool } from './slot-pool.ts'

export interface SlotConcurrencyOptions {
  readonly store: SlotStore
  /** How many data planes share each limit while the store is out of reach. */
  readonly dataPlanes: () => number
  readonly now: () => number
  readonly log: HostLog
}

const storeLimitMs = 250
const enterLimitMs = 2_000

/**
 * How many calls are under way at once, over all data planes. Each holds slots for about as many as it has, so that most
 * calls get one from memory, and tells the store every second: when it dies, its slots are free for others some seconds
 * later. While the store is out of reach each data plane keeps to its own share of the limit.
 */
export class SlotConcurrency implements Concurrency {
  readonly #options: SlotConcurrencyOptions
  readonly #pools = new Map<string, SlotPool>()
  readonly #asking = new Map<SlotPool, Promise<void>>()
  /** The store did not answer when it was asked last. */
  #isDown = false

  constructor(options: SlotConcurrencyOptions) {
    this.#options = options
  }

  /** Limits in use are kept to this data plane's share. */
  get isLocal(): boolean {
    return this.#isDown && this.#pools.size > 0
  }

  enter(limit: ConcurrencyLimit): CallSlot | undefined | Promise<CallSlot | undefined> {
    const now = this.#options.now()
    const pool = this.#poolOf(limit)
    if (this.#isDown) return this.#enterAlone(pool)
    if (pool.hasFree(now)) return slotOf(pool)
    if (pool.isRefused(now)) return undefined
    return this.#enterShared(pool, now)
  }

  /** Renews what is used and gives up what is not; a store that was down is tried again. Called every second. */
  renew(): void {
    for (const [id, pool] of this.#pools) {
      if (pool.isIdle) this.#pools.delete(id)
      else void this.#ask(pool)
    }
  }

  /** Gives up all slots but those of calls that are still under way. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()]
    await Promise.all(this.#asking.values())
    for (const pool of pools) pool.expectNone()
    await Promise.all(pools.map((pool) => this.#ask(pool)))
  }

  async #enterShared(pool: SlotPool, startedAt: number): Promise<CallSlot | undefined> {
    pool.waiting++
    try {
      for (;;) {
        await this.#ask(pool)
        if (this.#isDown) return this.#enterAlone(pool)
        const now = this.#options.now()
        if (pool.hasFree(now)) return slotOf(pool)
        if (pool.isRefused(now) || now - startedAt >= enterLimitMs) return undefined
      }
    } finally {
      pool.waiting--
    }
  }

  #enterAlone(pool: SlotPool): CallSlot | undefined {
    const share = Math.max(1, Math.floor(pool.limit.max / Math.max(1, this.#options.dataPlanes())))
    return pool.hasFreeAlone(share) ? slotOf(pool) : undefined
  }

  /** One question at a time for one limit; all who wait share it. */
  #ask(pool: SlotPool): Promise<void> {
    let asking = this.#asking.get(pool)
    if (!asking) {
      pool.isAsking = true
      // A turn later, so that the calls of this turn are counted.
      asking = Promise.resolve()
        .then(() => this.#hold(pool))
        .finally(() => {
          pool.isAsking = false
          this.#asking.delete(pool)
        })
      this.#asking.set(pool, asking)
    }
    return asking
  }

  async #hold(pool: SlotPool): Promise<void> {
    const { store, now, log } = this.#options
    const askedAt = now()
    const request = pool.request()
    try {
      const [slots = 0] = await within(storeLimitMs, 'the slot store', store.hold([request]))
      pool.learn(slots, request, askedAt, now())
      this.#isDown = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#isDown) {
        log.warn(
          { reason },
          'the slot store is out of reach: keeping to this data plane’s share of the calls under way',
        )
      }
      this.#isDown = true
    }
  }

  #poolOf(limit: ConcurrencyLimit): SlotPool {
    const known = this.#pools.get(limit.id)
    if (known) {
      known.limit = limit
      return known
    }
    const pool = new SlotPool(limit)
    this.#pools.set(limit.id, pool)
    return pool
  }
}

function slotOf(pool: SlotPool): CallSlot {
  let isHeld = true
  pool.use()
  return {
    release() {
      if (isHeld) pool.free()
      isHeld = false
    },
  }
}
