import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SlotConcurrency } from '../../../data-plane/host/concurrency.ts'
import type { CallSlot } from '../../../plugins/sdk/builtin.ts'
import { Bus } from '../../../transport/memory/bus.ts'
import { MemorySlots } from '../../../transport/memory/slots.ts'
import type { SlotStore } from '../../../transport/slot-store.ts'

const limit = { id: 'vk_1', max: 6 }
const log = { warn() {}, error() {} }
const planeOver = (store: SlotStore, dataPlanes = 2) =>
  new SlotConcurrency({ store, dataPlanes: () => dataPlanes, now: () => Date.now(), log })

async function enterMany(plane: SlotConcurrency, calls: number): Promise<CallSlot[]> {
  const places = await Promise.all(Array.from({ length: calls }, () => plane.enter(limit)))
  return places.filter((place) => place !== undefined)
}

let shared: MemorySlots
beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 })
  shared = new MemorySlots(new Bus(), () => Date.now())
})
afterEach(() => {
  vi.useRealTimers()
})

describe('calls under way', () => {
  it('are never more than the limit over two data planes, however many come at once', async () => {
    const [a, b] = [planeOver(shared.store('org')), planeOver(shared.store('org'))]
    const places = await Promise.all([enterMany(a, 20), enterMany(b, 20)])
    expect(places.flat()).toHaveLength(6)
    expect(await b.enter(limit)).toBeUndefined()
  })

  it('leave their place to the next, from memory where it is the same data plane', async () => {
    const a = planeOver(shared.store('org'))
    const [first] = await enterMany(a, 6)
    first?.release()
    first?.release()
    expect(a.enter(limit)).not.toBeInstanceOf(Promise)
    expect(await a.enter(limit)).toBeUndefined()
    expect(a.enter(limit)).toBeUndefined()
  })

  it('leave their places to other data planes within two renewals', async () => {
    const [a, b] = [planeOver(shared.store('org')), planeOver(shared.store('org'))]
    for (const place of await enterMany(a, 6)) place.release()
    for (let renewals = 0; renewals < 2; renewals++) {
      a.renew()
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(await enterMany(b, 6)).toHaveLength(6)
  })

  it('keep their places for as long as they last, and lose them when their data plane dies', async () => {
    const [a, b] = [planeOver(shared.store('org')), planeOver(shared.store('org'))]
    await enterMany(a, 6)
    for (let seconds = 0; seconds < 30; seconds++) {
      a.renew()
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(await b.enter(limit)).toBeUndefined()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await enterMany(b, 6)).toHaveLength(6)
  })

  it('are given up at the end of the process, but for those that go on', async () => {
    const [a, b] = [planeOver(shared.store('org')), planeOver(shared.store('org'))]
    const places = await enterMany(a, 6)
    for (const place of places.slice(0, 4)) place.release()
    await a.close()
    expect(await enterMany(b, 6)).toHaveLength(4)
  })

  it('keep to this data plane’s share while the store is out of reach, and to the limit once it is back', async () => {
    const store = shared.store('org')
    let isAway = true
    const a = planeOver({ hold: (asked) => (isAway ? Promise.reject(new Error('away')) : store.hold(asked)) })
    expect(await enterMany(a, 10)).toHaveLength(3)
    expect(a.isLocal).toBe(true)
    isAway = false
    a.renew()
    await vi.advanceTimersByTimeAsync(100)
    expect(await enterMany(a, 10)).toHaveLength(3)
    expect(await planeOver(shared.store('org')).enter(limit)).toBeUndefined()
  })
})
