import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LimitStore, permitHoldMs } from '../../transport/limit-store.ts'
import type { Transport } from '../../transport/transport.ts'
import { implementations, uniqueOrganization } from './implementations.ts'
import { eventually } from './poll.ts'

const minuteMs = 60_000

describe.each(implementations)('limit store, $name', ({ open }) => {
  let first: Transport
  let second: Transport
  let a: LimitStore
  let b: LimitStore

  beforeEach(async () => {
    const views = await open()
    first = views.first
    second = views.second
    const organizationId = uniqueOrganization()
    a = first.dataPlane(organizationId, 'dp_1').limits
    b = second.dataPlane(organizationId, 'dp_2').limits
  })
  afterEach(async () => {
    await first.close()
    await second.close()
  })

  const ask = (maxRequests: number, wanted = 1, windowMs = minuteMs) => ({
    limitId: 'lim_1',
    maxRequests,
    windowMs,
    wanted,
  })

  async function takeAll(store: LimitStore, maxRequests: number, wanted = 1): Promise<number> {
    let taken = 0
    for (;;) {
      const [grant] = await store.acquire([ask(maxRequests, wanted)])
      if (!grant || grant.granted === 0) return taken
      taken += grant.granted
    }
  }

  it('admits exactly the limit over two data planes, then says when to come again', async () => {
    let taken = 0
    for (let index = 0; index < 10; index++) {
      const [grant] = await (index % 2 === 0 ? a : b).acquire([ask(10, 100)])
      taken += grant?.granted ?? 0
    }
    expect(taken).toBe(10)
    const [refused] = await b.acquire([ask(10, 100)])
    expect(refused?.granted).toBe(0)
    expect(refused?.holdMs).toBe(permitHoldMs(minuteMs))
    expect(refused?.retryAfterMs).toBeGreaterThan(0)
    expect(refused?.retryAfterMs).toBeLessThanOrEqual(minuteMs + permitHoldMs(minuteMs))
  })

  it('grants many at once far from the limit and ever fewer near it, yet all of it', async () => {
    const [grant] = await a.acquire([ask(1_000, 50)])
    expect(grant?.granted).toBe(50)
    const rest = await Promise.all([takeAll(a, 1_000, 500), takeAll(b, 1_000, 500)])
    expect(50 + rest[0] + rest[1]).toBe(1_000)
  })

  it('answers several limits in their order', async () => {
    const [full, other] = await a.acquire([
      { limitId: 'lim_a', maxRequests: 1, windowMs: minuteMs, wanted: 1 },
      { limitId: 'lim_b', maxRequests: 800, windowMs: 1_000, wanted: 7 },
    ])
    expect(full).toMatchObject({ granted: 1, holdMs: 1_000, retryAfterMs: 0 })
    expect(other).toMatchObject({ granted: 7, holdMs: 50, retryAfterMs: 0 })
    expect(await a.acquire([])).toEqual([])
  })

  it('gives back what was not used, at once', async () => {
    expect(await takeAll(a, 5)).toBe(5)
    await a.giveBack('lim_1', 2)
    expect(await takeAll(b, 5)).toBe(2)
  })

  it("never takes off another data plane's permits, however much is given back", async () => {
    await a.acquire([ask(5)])
    expect(await takeAll(b, 5)).toBe(4)
    await a.giveBack('lim_1', 100)
    expect(await takeAll(b, 5)).toBe(1)
    await a.giveBack('lim_1', 100)
    await a.giveBack('lim_unknown', 1)
    expect(await takeAll(b, 5)).toBe(0)
  })

  it('grants again once a permit stops counting', async () => {
    const short = ask(1, 1, 40)
    await a.acquire([short])
    await eventually('a permit', async () => ((await b.acquire([short]))[0]?.granted ?? 0) > 0)
  })

  it('follows a limit that is raised, and waits out one that is lowered', async () => {
    expect(await takeAll(a, 4)).toBe(4)
    expect(await takeAll(b, 6)).toBe(2)
    const [lowered] = await a.acquire([ask(2)])
    expect(lowered?.granted).toBe(0)
    expect(lowered?.retryAfterMs).toBeGreaterThan(0)
  })

  it('keeps the limits of two organizations apart', async () => {
    expect(await takeAll(a, 3)).toBe(3)
    const foreign = second.dataPlane(uniqueOrganization(), 'dp_9').limits
    expect(await takeAll(foreign, 3)).toBe(3)
  })
})
