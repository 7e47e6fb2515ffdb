import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dollars, percentOf } from '../../../control-plane/console/money.ts'

describe('an amount in nano-USD', () => {
  it.each([
    ['0', '$0.00'],
    ['1', 'less than $0.000001'],
    ['1000', '$0.000001'],
    ['1500000', '$0.0015'],
    ['250000000', '$0.25'],
    ['999999999', '$1.00'],
    ['1005000000', '$1.01'],
    ['1234567890000000', '$1,234,567.89'],
    ['-2500000000', '-$2.50'],
  ])('%s is %s', (nanoUsd, text) => {
    expect(dollars(nanoUsd)).toBe(text)
  })

  it('of any size is never off by more than half of its last digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1_000n, max: 10n ** 24n }), (nanoUsd) => {
        const [whole = '', fraction = ''] = dollars(nanoUsd).replace(/[$,]/g, '').split('.')
        const shown = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
        const error = shown > nanoUsd ? shown - nanoUsd : nanoUsd - shown
        expect(error <= (nanoUsd >= 1_000_000_000n ? 5_000_000n : 500n)).toBe(true)
      }),
    )
  })
})

describe('how much of a limit is used', () => {
  it.each([
    ['0', '5', 0],
    ['1', '3', 33.3],
    ['5', '5', 100],
    ['7', '5', 100],
    ['0', '0', 100],
  ])('%s of %s is %s per cent', (used, limit, percent) => {
    expect(percentOf(used, limit)).toBe(percent)
  })
})
