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

  const ask = (max: number, wanted = 1, windowMs = minuteMs) => ({
    limitId: 'lim_1',
    max,
    windowMs,
    needed: 1,
    wanted,
  })

  async function takeAll(store: LimitStore, max: number, wanted = 1): Promise<number> {
    let taken = 0
    for (;;) {
      const [grant] = await store.acquire([ask(max, wanted)])
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
      { limitId: 'lim_a', max: 1, windowMs: minuteMs, needed: 1, wanted: 1 },
      { limitId: 'lim_b', max: 800, windowMs: 1_000, needed: 1, wanted: 7 },
    ])
    expect(full).toMatchObject({ granted: 1, holdMs: 1_000, retryAfterMs: 0 })
    expect(other).toMatchObject({ granted: 7, holdMs: 25, retryAfterMs: 0 })
    expect(await a.acquire([])).toEqual([])
  })

  it('gives back what was not used, at once, and only once', async () => {
    const [grant] = await a.acquire([{ ...ask(8), needed: 5 }])
    const kept = { limitId: 'lim_1', grantId: grant?.grantId ?? '', permits: 3 }
    expect(await takeAll(a, 8)).toBe(3)
    await a.keep([kept])
    expect(await takeAll(b, 8)).toBe(2)
    await a.keep([kept, { ...kept, permits: 5 }, { ...kept, limitId: 'lim_unknown', permits: 0 }])
    expect(await takeAll(b, 8)).toBe(0)
  })

  it('takes back of several limits and grants in one go', async () => {
    const asks = ['lim_a', 'lim_b', 'lim_b'].map((limitId) => ({ ...ask(4), limitId, needed: 2 }))
    const grants = await a.acquire(asks)
    await a.keep(
      grants.map(({ grantId }, index) => ({
        limitId: asks[index]?.limitId ?? '',
        grantId,
        permits: index % 2,
      })),
    )
    const remaining = await Promise.all(
      ['lim_a', 'lim_b'].map(async (limitId) => (await b.acquire([{ ...ask(4), limitId }]))[0]?.remaining),
    )
    expect(remaining).toEqual([3, 2])
  })

  it('grants what is needed or nothing, and tells until when to wait for it', async () => {
    expect((await a.acquire([{ ...ask(1_000), needed: 700, wanted: 900 }]))[0]).toMatchObject({
      ...{ granted: 700, remaining: 300, retryAfterMs: 0 },
    })
    const [refused] = await b.acquire([{ ...ask(1_000), needed: 301, wanted: 900 }])
    expect(refused).toMatchObject({ granted: 0, remaining: 300 })
    expect(refused?.retryAfterMs).toBeGreaterThan(0)
    expect((await b.acquire([{ ...ask(1_000), needed: 300, wanted: 900 }]))[0]?.granted).toBe(300)
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
