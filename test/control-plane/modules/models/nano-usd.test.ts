import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nanoUsdOf } from '../../../../control-plane/modules/models/nano-usd.ts'

describe('a price in US dollars as nano-USD', () => {
  it('is exact for every price of up to nine decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (nanoUsd) => {
        const digits = String(nanoUsd).padStart(10, '0')
        expect(nanoUsdOf(Number(`${digits.slice(0, -9)}.${digits.slice(-9)}`))).toBe(nanoUsd)
      }),
    )
  })

  it.each([
    [0.075, 75_000_000],
    [1.1, 1_100_000_000],
    [0.1 + 0.2, 300_000_001],
    [5e-7, 500],
    [1e-10, 1],
    [0, 0],
  ])('%d is %d: finer than a nano-USD is rounded up', (usd, nanoUsd) => {
    expect(nanoUsdOf(usd)).toBe(nanoUsd)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 1e7])('%d is no price', (usd) => {
    expect(() => nanoUsdOf(usd)).toThrow(RangeError)
  })
})
