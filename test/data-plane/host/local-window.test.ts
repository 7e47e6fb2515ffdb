import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LocalWindow } from '../../../data-plane/host/local-window.ts'

describe('the local window', () => {
  it('never allows more than its share in any window, also when the share changes', () => {
    const step = fc.record({ ms: fc.integer({ min: 0, max: 400 }), share: fc.integer({ min: 1, max: 6 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const window = new LocalWindow(1000)
        let now = 10_000
        const uses: number[] = []
        for (const { ms, share } of steps) {
          now += ms
          if (window.waitMs(now, share) > 0) continue
          window.record(now)
          uses.push(now)
          expect(uses.filter((use) => use > now - 1000).length).toBeLessThanOrEqual(share)
        }
      }),
    )
  })

  it('takes little memory for a limit of 2³¹, and is never laxer than its share when it is crowded', () => {
    const share = 2 ** 31
    const window = new LocalWindow(60_000)
    const before = process.memoryUsage().arrayBuffers
    expect(window.waitMs(0, share)).toBe(0)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
    for (let now = 0; now < 60_000; now++) window.record(now)
    const waitMs = window.waitMs(59_999, 60_000)
    expect(waitMs).toBeGreaterThan(0)
    expect(window.waitMs(59_999, 60_001)).toBe(0)
    // A use more is allowed once enough of them are a window old, and at most a thousandth of it later.
    const oldest = 30_000
    const halfMs = window.waitMs(59_999, 60_000 - oldest)
    expect(halfMs).toBeGreaterThanOrEqual(oldest + 60_000 - 59_999)
    expect(halfMs).toBeLessThanOrEqual(oldest + 60_000 - 59_999 + 60)
  })
})
