import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nanoUsdOfUsd, usdOfNanoUsd } from '../../../control-plane/configuration-file/usd.ts'

it('an amount is the same after it was written to a file and read again', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n }), (nanoUsd) => {
      expect(nanoUsdOfUsd(usdOfNanoUsd(nanoUsd))).toBe(nanoUsd)
    }),
  )
})

it('what is finer than a nano-USD is refused, not rounded', () => {
  expect(nanoUsdOfUsd(1e-9)).toBe(1n)
  expect(() => nanoUsdOfUsd(1e-10)).toThrow(RangeError)
  expect(() => nanoUsdOfUsd(-1)).toThrow(RangeError)
})
