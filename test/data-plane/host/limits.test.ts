import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermitLimits } from '../../../data-plane/host/limits.ts'
import type { LimitNode } from '../../../plugins/sdk/builtin.ts'
import type { LimitStore, PermitRequest } from '../../../transport/limit-store.ts'

const node = (id: string, max: number, windowSeconds = 60): LimitNode => ({
  id,
  scope: 'virtual_key',
  unit: 'requests',
  max,
  windowSeconds,
})

/** Counts permits without windows: what was granted and not given back. */
function storeOf(limit: number) {
  const requests: PermitRequest[] = []
  const counted = new Map<string, number>()
  const store: LimitStore & { out: number } = {
    out: 0,
    async acquire(asked) {
      requests.push(...asked)
      return asked.map(({ needed, wanted }, index) => {
        const granted = limit - store.out < needed ? 0 : Math.min(wanted, limit - store.out)
        const grantId = `${requests.length}:${index}`
        counted.set(grantId, granted)
        store.out += granted
        return {
          grantId,
          granted,
          holdMs: 1000,
          remaining: limit - store.out,
          retryAfterMs: granted > 0 ? 0 : 7000,
        }
      })
    },
    async keep(kept) {
      for (const { grantId, permits } of kept) {
        store.out -= (counted.get(grantId) ?? 0) - permits
        counted.set(grantId, permits)
      }
    },
  }
  return { store, requests }
}

const isTaken = (result: object) => 'settle' in result

const unreachable: LimitStore = {
  acquire: () => Promise.reject(new Error('out of reach')),
  keep: () => Promise.reject(new Error('out of reach')),
}

const limitsOver = (store: LimitStore, dataPlanes = 1) =>
  new PermitLimits({
    store,
    dataPlanes: () => dataPlanes,
    now: () => Date.now(),
    log: { warn() {}, error() {} },
  })

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('request limits', () => {
  it('admit exactly the limit, however many calls come at once', async () => {
    const limits = limitsOver(storeOf(25).store)
    const results = await Promise.all(Array.from({ length: 100 }, () => limits.take([node('a', 25)], 0)))
    expect(results.filter(isTaken)).toHaveLength(25)
    expect(results.find((result) => !isTaken(result))).toEqual({
      limit: node('a', 25),
      retryAfterMs: 7000,
    })
  })

  it('answer from memory while a block lasts', async () => {
    const { store, requests } = storeOf(1000)
    const limits = limitsOver(store)
    for (let index = 0; index < 200; index++) {
      await limits.take([node('a', 1000)], 0)
      vi.advanceTimersByTime(2)
    }
    expect(limits.take([node('a', 1000)], 0)).not.toBeInstanceOf(Promise)
    expect(requests.length).toBeLessThan(150)
  })

  it('ask ahead of need, so that no call of a steady stream waits, and for little more than it uses', async () => {
    const { store, requests } = storeOf(100_000)
    const limits = limitsOver(store)
    const waited: number[] = []
    for (let index = 0; index < 4_000; index++) {
      if (limits.take([node('a', 100_000)], 0) instanceof Promise) waited.push(index)
      await vi.advanceTimersByTimeAsync(1)
      if (index % 20 === 0) limits.sweep()
    }
    expect(waited.filter((index) => index > 1_000)).toEqual([])
    expect(requests.filter(({ wanted }) => wanted > 1_000)).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    limits.sweep()
    expect(store.out).toBe(4_000)
  })

  it('take a permit of every limit or of none', async () => {
    const { store } = storeOf(10)
    const limits = limitsOver({
      ...store,
      acquire: async (asked) => {
        const grants = await store.acquire(asked.filter(({ limitId }) => limitId !== 'empty'))
        const none = { grantId: 'none', granted: 0, holdMs: 1000, remaining: 0, retryAfterMs: 500 }
        return asked.map(({ limitId }) => (limitId === 'empty' ? none : (grants[0] ?? none)))
      },
    })
    expect(await limits.take([node('a', 10), node('empty', 3)], 0)).toMatchObject({ limit: { max: 3 } })
    for (let index = 0; index < 10; index++) expect(await limits.take([node('a', 10)], 0)).toSatisfy(isTaken)
  })

  it('are asked for together by the calls of one turn of the event loop, and no more than 64 at once', async () => {
    const { store } = storeOf(1_000)
    const asks: number[] = []
    const acquire: LimitStore['acquire'] = (asked) => {
      asks.push(asked.length)
      return store.acquire(asked)
    }
    const limits = limitsOver({ ...store, acquire })
    const paths = Array.from({ length: 50 }, (_, index) => [node(`own_${index}`, 10), node('shared', 1_000)])
    const results = await Promise.all(paths.map((path) => limits.take(path, 0)))
    expect(results.every(isTaken)).toBe(true)
    expect(asks).toEqual([51])
    const many = Array.from({ length: 100 }, (_, index) => [node(`other_${index}`, 10)])
    await Promise.all(many.map((path) => limits.take(path, 0)))
    expect(asks).toEqual([51, 64, 36])
  })

  it('give back what they do not use, before its time is over', async () => {
    const { store } = storeOf(1000)
    const limits = limitsOver(store)
    for (let index = 0; index < 300; index++) {
      await limits.take([node('a', 1000)], 0)
      vi.advanceTimersByTime(1)
    }
    vi.advanceTimersByTime(700)
    limits.sweep()
    expect(store.out).toBe(300)
  })

  it('keep to this data plane’s share while the store is out of reach', async () => {
    const limits = limitsOver(unreachable, 3)
    const results = []
    for (let index = 0; index < 10; index++) results.push(await limits.take([node('a', 10)], 0))
    expect(results.filter(isTaken)).toHaveLength(3)
    expect(results.at(-1)).toMatchObject({ retryAfterMs: 60_000 })
    expect(await limits.take([node('b', 2)], 0)).toSatisfy(isTaken)
    expect(await limits.take([node('b', 2)], 0)).toMatchObject({ limit: { scope: 'virtual_key' } })
  })
})

const tokens = (id: string, max: number): LimitNode => ({ ...node(id, max), unit: 'tokens' })

describe('limits of tokens', () => {
  it('admit no call that might exceed them, and the next as soon as one turns out smaller', async () => {
    const { store } = storeOf(1_000)
    const limits = limitsOver(store)
    const path = [tokens('t', 1_000)]
    const first = await limits.take(path, 700)
    expect(await limits.take(path, 400)).toMatchObject({ limit: { unit: 'tokens' }, retryAfterMs: 7000 })
    expect(await limits.take(path, 300)).toSatisfy(isTaken)
    if ('settle' in first) first.settle(100)
    if ('settle' in first) first.settle(0)
    expect(limits.take(path, 600)).toSatisfy(isTaken)
    await vi.advanceTimersByTimeAsync(100)
    expect(await limits.take(path, 1)).toMatchObject({ retryAfterMs: 7000 })
    expect(store.out).toBe(1_000)
  })

  it('get back what a long call did not use although its permits can no longer be held', async () => {
    const { store } = storeOf(1_000)
    const limits = limitsOver(store)
    const hold = await limits.take([tokens('t', 1_000), node('r', 10)], 700)
    await vi.advanceTimersByTimeAsync(30_000)
    if ('settle' in hold) hold.settle(100)
    limits.sweep()
    expect(store.out).toBe(101)
  })

  it('refuse by name a call that alone asks for more, without a time to come again', () => {
    const limits = limitsOver(storeOf(1_000).store)
    const limit = tokens('t', 100)
    expect(limits.take([node('r', 10), limit], 101)).toEqual({ limit, retryAfterMs: null })
  })

  it('are free again when the call is passed on to another provider', async () => {
    const { store } = storeOf(1_000)
    const limits = limitsOver(store)
    const hold = await limits.take([tokens('t', 1_000), node('r', 10)], 700)
    if ('release' in hold) hold.release()
    if ('release' in hold) hold.release()
    await vi.advanceTimersByTimeAsync(1_000)
    limits.sweep()
    expect(store.out).toBe(0)
  })

  it('are told once more what was given back, when the store did not hear of it', async () => {
    const { store } = storeOf(1_000)
    let isDeaf = true
    const keep: LimitStore['keep'] = (kept) =>
      isDeaf ? Promise.reject(new Error('out of reach')) : store.keep(kept)
    const limits = limitsOver({ acquire: store.acquire, keep })
    const hold = await limits.take([tokens('t', 1_000)], 700)
    await vi.advanceTimersByTimeAsync(30_000)
    if ('settle' in hold) hold.settle(100)
    limits.sweep()
    await vi.advanceTimersByTimeAsync(1)
    isDeaf = false
    expect(store.out).toBe(700)
    limits.sweep()
    expect(store.out).toBe(100)
  })

  it('keep to the share while the store is out of reach, and settle there too', async () => {
    const limits = limitsOver(unreachable, 2)
    const path = [tokens('t', 1_000)]
    const first = await limits.take(path, 400)
    expect(await limits.take(path, 200)).toMatchObject({ retryAfterMs: 60_000 })
    if ('settle' in first) first.settle(100)
    expect(await limits.take(path, 400)).toSatisfy(isTaken)
    expect(await limits.take(path, 501)).toMatchObject({ retryAfterMs: 60_000 })
  })
})

describe('how a limit stands', () => {
  it('is what the store had left and what is held here, until nothing can count any more', async () => {
    const limits = limitsOver(storeOf(10).store)
    const path = [node('a', 10), node('b', 10)]
    const full = path.map((limit) => ({ limit, remaining: 10, resetMs: 0 }))
    expect(limits.standing(path)).toEqual(full)
    for (let index = 0; index < 3; index++) await limits.take([node('a', 10)], 0)
    expect(limits.standing(path)).toEqual([
      { limit: node('a', 10), remaining: 7, resetMs: 61_000 },
      { limit: node('b', 10), remaining: 10, resetMs: 0 },
    ])
    vi.advanceTimersByTime(61_000)
    expect(limits.standing(path)).toEqual(full)
  })

  it('is what is left of the share while the store is out of reach', async () => {
    const limits = limitsOver(unreachable, 2)
    await limits.take([node('a', 10)], 0)
    expect(limits.standing([node('a', 10)])).toEqual([
      { limit: node('a', 10), remaining: 4, resetMs: 60_000 },
    ])
  })
})

describe('a store that hangs', () => {
  it('holds up the first calls alone: later ones do not wait while it is tried again, until it answers', async () => {
    const { store, requests } = storeOf(1_000)
    let isHanging = true
    const limits = limitsOver({
      acquire: (asked) => (isHanging ? new Promise(() => undefined) : store.acquire(asked)),
      keep: store.keep,
    })
    const first = limits.take([node('a', 1_000)], 0)
    expect(first).toBeInstanceOf(Promise)
    await vi.advanceTimersByTimeAsync(250)
    expect(await first).toSatisfy(isTaken)
    for (let elapsedMs = 0; elapsedMs < 5_000; elapsedMs += 50) {
      expect(limits.take([node('a', 1_000)], 0)).toSatisfy(isTaken)
      await vi.advanceTimersByTimeAsync(50)
    }
    isHanging = false
    for (let elapsedMs = 0; requests.length === 0 && elapsedMs < 2_000; elapsedMs += 50) {
      expect(limits.take([node('a', 1_000)], 0)).toSatisfy(isTaken)
      await vi.advanceTimersByTimeAsync(50)
    }
    expect(store.out).toBeGreaterThan(0)
    await limits.take([node('a', 1_000)], 0)
    limits.close()
    expect(store.out).toBe(1)
  })
})
