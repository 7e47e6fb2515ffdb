import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crossings, thresholdPercents } from '../../../control-plane/leases/thresholds.ts'

/** Charges a window step by step. @returns each crossing as `percent` and what was spent then. */
function charge(steps: readonly bigint[], limit: bigint, window = { crossedPercent: 0, spent: 0n }) {
  const told: { percent: number; spent: bigint }[] = []
  for (const step of steps) {
    const after = window.spent + step
    const { crossedPercent } = window
    const { crossed, ...next } = crossings({ crossedPercent, before: window.spent, after, limit })
    told.push(...crossed.map((percent) => ({ percent, spent: after })))
    window = { crossedPercent: next.crossedPercent, spent: after }
  }
  return { told, window }
}

describe('thresholds', () => {
  it('are each crossed once, in their order, by the charge that reaches them, however it comes', () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 400n }), { maxLength: 30 })
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 1n, max: 3_000n }), (steps, limit) => {
        const { told } = charge(steps, limit)
        const total = steps.reduce((sum, step) => sum + step, 0n)
        const due = thresholdPercents.filter((percent) => total * 100n >= BigInt(percent) * limit)
        expect(told.map(({ percent }) => percent)).toEqual(due)
        for (const { percent, spent } of told) expect(spent * 100n >= BigInt(percent) * limit).toBe(true)
      }),
    )
  })

  it('are crossed to the nano-USD', () => {
    expect(charge([499n], 1_000n).told).toEqual([])
    expect(charge([499n, 1n], 1_000n).told).toEqual([{ percent: 50, spent: 500n }])
    expect(charge([1_700n], 1_000n).told.map(({ percent }) => percent)).toEqual([50, 80, 100])
  })

  it('may be crossed again after a reset, and under a limit that was raised', () => {
    const { window } = charge([900n], 1_000n)
    expect(window.crossedPercent).toBe(80)
    expect(charge([600n], 1_000n, { ...window, spent: 0n }).told).toMatchObject([{ percent: 50 }])
    expect(charge([800n], 2_000n, window).told).toMatchObject([{ percent: 50 }, { percent: 80 }])
  })

  it('that a lowered limit leaves behind are told with the next charge, and those that were told are not', () => {
    const { window } = charge([600n], 1_000n)
    expect(window.crossedPercent).toBe(50)
    expect(charge([1n], 600n, window).told.map(({ percent }) => percent)).toEqual([80, 100])
  })
})
