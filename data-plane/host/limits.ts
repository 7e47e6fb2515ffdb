import type { LimitNode, LimitReached, LimitStanding, Limits } from '../../plugins/sdk/builtin.ts'
import type { LimitStore } from '../../transport/limit-store.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'
import { PermitPool } from './permit-pool.ts'

export interface PermitLimitsOptions {
  readonly store: LimitStore
  /** How many data planes share each limit while the store is out of reach. */
  readonly dataPlanes: () => number
  readonly now: () => number
  readonly log: HostLog
}

const storeLimitMs = 250
const takeLimitMs = 2_000
/** How often a store that did not answer is tried again, while no call waits for it. */
const probeIntervalMs = 1_000

/**
 * Request limits that all data planes share. Permits come from the store in blocks, sized by the rate of use and one
 * by one near the limit, so that most calls are answered from memory. While the store is out of reach each data plane
 * keeps to its own share of the limit.
 */
export class PermitLimits implements Limits {
  readonly #options: PermitLimitsOptions
  readonly #pools = new Map<string, PermitPool>()
  /** The pools of a path of limits, looked up once for the calls that share it. */
  readonly #paths = new WeakMap<readonly LimitNode[], readonly PermitPool[]>()
  readonly #refills = new Map<PermitPool, Promise<void>>()
  /** The store did not answer when it was asked last. */
  #isDown = false
  #probeAt = 0

  constructor(options: PermitLimitsOptions) {
    this.#options = options
  }

  /** Limits in use are counted by this data plane alone. */
  get isLocal(): boolean {
    return this.#isDown && this.#pools.size > 0
  }

  take(limits: readonly LimitNode[]): LimitReached | undefined | Promise<LimitReached | undefined> {
    const now = this.#options.now()
    const pools = this.#poolsOf(limits)
    if (this.#isDown) {
      this.#probe(pools, now)
      return this.#takeAlone(pools, now)
    }
    if (tryUse(pools, now)) {
      for (const pool of pools) if (pool.isRunningLow(now)) void this.#refill(pool)
      return undefined
    }
    return refusalOf(pools, now) ?? this.#takeShared(pools, now)
  }

  standing(limits: readonly LimitNode[]): readonly LimitStanding[] {
    const now = this.#options.now()
    const dataPlanes = Math.max(1, this.#options.dataPlanes())
    return this.#poolsOf(limits).map((pool) =>
      this.#isDown ? pool.standingAlone(now, shareOf(pool.node, dataPlanes)) : pool.standing(now),
    )
  }

  /** Gives back what will not be used in time, and forgets limits that nobody uses. Called often. */
  sweep(): void {
    const now = this.#options.now()
    for (const [id, pool] of this.#pools) {
      this.#giveBack(pool, pool.removeEnding(now))
      if (!pool.isForgettable(now)) continue
      pool.isForgotten = true
      this.#pools.delete(id)
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) this.#giveBack(pool, pool.removeAll())
  }

  async #takeShared(pools: readonly PermitPool[], startedAt: number): Promise<LimitReached | undefined> {
    for (const pool of pools) pool.waiting++
    try {
      for (;;) {
        let now = this.#options.now()
        await Promise.all(pools.filter((pool) => !pool.has(now)).map((pool) => this.#refill(pool)))
        now = this.#options.now()
        if (this.#isDown) return this.#takeAlone(pools, now)
        if (tryUse(pools, now)) return undefined
        const refusal = refusalOf(pools, now)
        if (refusal) return refusal
        if (now - startedAt >= takeLimitMs) return reached(pools[0], probeIntervalMs)
      }
    } finally {
      for (const pool of pools) pool.waiting--
    }
  }

  /** Asks a store that is down once more, behind the back of the call that comes now. */
  #probe(pools: readonly PermitPool[], now: number): void {
    if (now < this.#probeAt) return
    this.#probeAt = now + probeIntervalMs
    for (const pool of pools) void this.#refill(pool)
  }

  /** One request to the store for one limit at a time; all who wait share it. */
  #refill(pool: PermitPool): Promise<void> {
    let refill = this.#refills.get(pool)
    if (!refill) {
      // A turn later, so that the calls of this turn are counted.
      refill = Promise.resolve()
        .then(() => this.#acquire(pool))
        .finally(() => this.#refills.delete(pool))
      this.#refills.set(pool, refill)
    }
    return refill
  }

  async #acquire(pool: PermitPool): Promise<void> {
    const { store, now, log } = this.#options
    const askedAt = now()
    const request = pool.request(askedAt)
    try {
      const [grant] = await within(storeLimitMs, 'the limit store', store.acquire([request]))
      if (grant) pool.learn(grant, askedAt, now())
      this.#isDown = false
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn(
        { reason },
        'the limit store is out of reach: keeping to this data plane’s share of each limit',
      )
      this.#isDown = true
      this.#probeAt = now() + probeIntervalMs
    }
  }

  #takeAlone(pools: readonly PermitPool[], now: number): LimitReached | undefined {
    const dataPlanes = Math.max(1, this.#options.dataPlanes())
    for (const pool of pools) {
      const waitMs = pool.waitAloneMs(now, shareOf(pool.node, dataPlanes))
      if (waitMs > 0) return reached(pool, waitMs)
    }
    for (const pool of pools) pool.useAlone(now)
    return undefined
  }

  #giveBack(pool: PermitPool, permits: number): void {
    if (permits === 0) return
    this.#options.store.giveBack(pool.node.id, permits).catch((error: unknown) => {
      // The store counts them as used until their window ends: stricter, never laxer.
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.warn({ reason, limitId: pool.node.id }, 'unused permits could not be given back')
    })
  }

  #poolsOf(limits: readonly LimitNode[]): readonly PermitPool[] {
    const known = this.#paths.get(limits)
    if (known && !known.some(({ isForgotten }) => isForgotten)) return known
    const pools = limits.map((node) => this.#poolOf(node))
    this.#paths.set(limits, pools)
    return pools
  }

  #poolOf(node: LimitNode): PermitPool {
    const known = this.#pools.get(node.id)
    const isSame = known && known.node.max === node.max && known.node.windowSeconds === node.windowSeconds
    if (isSame) return known
    if (known) {
      known.isForgotten = true
      this.#giveBack(known, known.removeAll())
    }
    const pool = new PermitPool(node)
    this.#pools.set(node.id, pool)
    return pool
  }
}

/** Whether every limit had a permit; then one of each is used. */
function tryUse(pools: readonly PermitPool[], now: number): boolean {
  for (const pool of pools) if (!pool.has(now)) return false
  for (const pool of pools) pool.use(now)
  return true
}

function shareOf({ max }: LimitNode, dataPlanes: number): number {
  return Math.max(1, Math.floor(max / dataPlanes))
}

function refusalOf(pools: readonly PermitPool[], now: number): LimitReached | undefined {
  for (const pool of pools) {
    const retryAfterMs = pool.has(now) ? undefined : pool.refusedForMs(now)
    if (retryAfterMs !== undefined) return reached(pool, retryAfterMs)
  }
  return undefined
}

function reached(pool: PermitPool | undefined, retryAfterMs: number): LimitReached {
  if (!pool) throw new TypeError('a call without limits takes no permits')
  return { limit: pool.node, retryAfterMs }
}
