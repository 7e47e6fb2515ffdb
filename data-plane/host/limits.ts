import type { LimitHold, LimitNode, LimitReached, LimitStanding, Limits } from '../../plugins/sdk/builtin.ts'
import type { LimitStore } from '../../transport/limit-store.ts'
import { within } from '../deadline.ts'
import type { HostLog } from './host-log.ts'
import { keptOf, ReturnedPermits } from './permit-block.ts'
import { PermitHold } from './permit-hold.ts'
import { type Draw, PermitPool } from './permit-pool.ts'

export interface PermitLimitsOptions {
  readonly store: LimitStore
  /** How many data planes share each limit while the store is out of reach. */
  readonly dataPlanes: () => number
  readonly now: () => number
  readonly log: HostLog
}

const storeLimitMs = 250
/** Redis serves nobody else while it answers one request. */
const maxLimitsAtOnce = 64
const takeLimitMs = 2_000
/** How often a store that did not answer is tried again, while no call waits for it. */
const probeIntervalMs = 1_000

/**
 * Limits of requests and tokens that all data planes share. Permits come from the store in blocks, sized by the rate of
 * use and call by call near the limit, so that most calls are answered from memory. While the store is out of reach each
 * data plane keeps to its own share of the limit.
 */
export class PermitLimits implements Limits {
  readonly #options: PermitLimitsOptions
  readonly #pools = new Map<string, PermitPool>()
  /** The pools of a path of limits, looked up once for the calls that share it. */
  readonly #paths = new WeakMap<readonly LimitNode[], readonly PermitPool[]>()
  readonly #returned = new ReturnedPermits()
  /** The pools that are asked for now, with what resolves once the store has answered. */
  readonly #refills = new Map<PermitPool, Promise<void>>()
  /** The pools that the next request asks for. */
  #due: PermitPool[] = []
  #nextRequest: Promise<void> | undefined
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

  take(
    limits: readonly LimitNode[],
    tokens: number,
  ): LimitHold | LimitReached | Promise<LimitHold | LimitReached> {
    const now = this.#options.now()
    const pools = this.#poolsOf(limits)
    const neverFits = pools.find((pool) => pool.amountOf(tokens) > pool.node.max)
    if (neverFits) return { limit: neverFits.node, retryAfterMs: null }
    if (this.#isDown) {
      this.#probe(pools, now)
      return this.#takeAlone(pools, tokens, now)
    }
    if (hasAll(pools, tokens, now)) {
      const hold = this.#use(pools, tokens, now)
      for (const pool of pools) if (pool.isRunningLow(now)) void this.#refill(pool)
      return hold
    }
    return refusalOf(pools, tokens, now) ?? this.#takeShared(pools, tokens, now)
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
      pool.returnEnding(now)
      if (!pool.isForgettable(now)) continue
      pool.isForgotten = true
      this.#pools.delete(id)
    }
    this.#tellReturned(now)
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.returnAll()
    this.#tellReturned(this.#options.now())
  }

  async #takeShared(
    pools: readonly PermitPool[],
    tokens: number,
    startedAt: number,
  ): Promise<LimitHold | LimitReached> {
    for (const pool of pools) pool.waiting.add(pool.amountOf(tokens))
    try {
      for (;;) {
        let now = this.#options.now()
        const short = pools.filter((pool) => !pool.has(now, pool.amountOf(tokens)))
        await Promise.all(short.map((pool) => this.#refill(pool)))
        now = this.#options.now()
        if (this.#isDown) return this.#takeAlone(pools, tokens, now)
        if (hasAll(pools, tokens, now)) return this.#use(pools, tokens, now)
        const refusal = refusalOf(pools, tokens, now)
        if (refusal) return refusal
        if (now - startedAt >= takeLimitMs) return reached(pools[0], probeIntervalMs)
      }
    } finally {
      for (const pool of pools) pool.waiting.remove(pool.amountOf(tokens))
    }
  }

  #use(pools: readonly PermitPool[], tokens: number, now: number): LimitHold {
    const draws: Draw[] = []
    for (const pool of pools) pool.use(now, pool.amountOf(tokens), draws)
    return new PermitHold(draws, tokens, this.#options.now)
  }

  /** Asks a store that is down once more, behind the back of the call that comes now. */
  #probe(pools: readonly PermitPool[], now: number): void {
    if (now < this.#probeAt) return
    this.#probeAt = now + probeIntervalMs
    for (const pool of pools) void this.#refill(pool)
  }

  /** One question to the store about one limit at a time; all who wait share it. */
  #refill(pool: PermitPool): Promise<void> {
    const refill = this.#refills.get(pool)
    if (refill) return refill
    this.#due.push(pool)
    // At the end of this turn of the event loop, so that all its calls are counted and ask together.
    this.#nextRequest ??= turnEnd().then(() => this.#askForDue())
    this.#refills.set(pool, this.#nextRequest)
    return this.#nextRequest
  }

  async #askForDue(): Promise<void> {
    const due = this.#due
    this.#due = []
    this.#nextRequest = undefined
    const requests: Promise<void>[] = []
    for (let from = 0; from < due.length; from += maxLimitsAtOnce) {
      requests.push(this.#acquire(due.slice(from, from + maxLimitsAtOnce)))
    }
    try {
      await Promise.all(requests)
    } finally {
      for (const pool of due) this.#refills.delete(pool)
    }
  }

  async #acquire(pools: readonly PermitPool[]): Promise<void> {
    const { store, now, log } = this.#options
    const askedAt = now()
    const requests = pools.map((pool) => pool.request(askedAt))
    try {
      const grants = await within(storeLimitMs, 'the limit store', store.acquire(requests))
      const answeredAt = now()
      for (const [index, pool] of pools.entries()) {
        const grant = grants[index]
        const request = requests[index]
        if (grant && request) pool.learn(grant, request, askedAt, answeredAt)
      }
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

  #takeAlone(pools: readonly PermitPool[], tokens: number, now: number): LimitHold | LimitReached {
    const dataPlanes = Math.max(1, this.#options.dataPlanes())
    for (const pool of pools) {
      const waitMs = pool.waitAloneMs(now, shareOf(pool.node, dataPlanes), pool.amountOf(tokens))
      if (waitMs > 0) return reached(pool, waitMs)
    }
    const draws: Draw[] = []
    for (const pool of pools) pool.useAlone(now, pool.amountOf(tokens), draws)
    return new PermitHold(draws, tokens, this.#options.now)
  }

  /** A store that is down is told once it is back. */
  #tellReturned(now: number): void {
    if (this.#isDown) return
    const blocks = this.#returned.takeAll(now)
    if (blocks.length === 0) return
    this.#options.store.keep(blocks.map(keptOf)).catch((error: unknown) => {
      // Until it hears of them the store counts them as used: stricter, never laxer.
      this.#returned.putBack(blocks)
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.warn({ reason, grants: blocks.length }, 'unused permits could not be given back')
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
      known.returnAll()
    }
    const pool = new PermitPool(node, this.#returned)
    this.#pools.set(node.id, pool)
    return pool
  }
}

function turnEnd(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function hasAll(pools: readonly PermitPool[], tokens: number, now: number): boolean {
  for (const pool of pools) if (!pool.has(now, pool.amountOf(tokens))) return false
  return true
}

function shareOf({ max }: LimitNode, dataPlanes: number): number {
  return Math.max(1, Math.floor(max / dataPlanes))
}

function refusalOf(pools: readonly PermitPool[], tokens: number, now: number): LimitReached | undefined {
  for (const pool of pools) {
    const amount = pool.amountOf(tokens)
    const retryAfterMs = pool.has(now, amount) ? undefined : pool.refusedForMs(now, amount)
    if (retryAfterMs !== undefined) return reached(pool, retryAfterMs)
  }
  return undefined
}

function reached(pool: PermitPool | undefined, retryAfterMs: number): LimitReached {
  if (!pool) throw new TypeError('a call without limits takes no permits')
  return { limit: pool.node, retryAfterMs }
}
