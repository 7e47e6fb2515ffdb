import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Consumption, costNanoUsd, type Prices } from '../../contract/money.ts'

const price = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 1_000_000_000_000 }))
const prices: fc.Arbitrary<Prices> = fc.record({
  inputNanoUsdPerMillionTokens: price,
  cachedInputNanoUsdPerMillionTokens: price,
  outputNanoUsdPerMillionTokens: price,
  imageNanoUsd: price,
})
const tokens = fc.oneof(fc.nat({ max: 10_000 }), fc.nat({ max: 2_000_000_000 }))
const consumption: fc.Arbitrary<Consumption> = fc
  .record({
    inputTokens: tokens,
    cached: fc.double({ min: 0, max: 1, noNaN: true }),
    outputTokens: tokens,
    images: fc.nat({ max: 1000 }),
  })
  .map(({ cached, ...rest }) => ({ ...rest, cachedInputTokens: Math.floor(rest.inputTokens * cached) }))

/** The definition, in unbounded integers. */
function exactCost(p: Prices, c: Consumption): bigint {
  const scaled =
    BigInt(c.inputTokens - c.cachedInputTokens) * BigInt(p.inputNanoUsdPerMillionTokens) +
    BigInt(c.cachedInputTokens) * BigInt(p.cachedInputNanoUsdPerMillionTokens) +
    BigInt(c.outputTokens) * BigInt(p.outputNanoUsdPerMillionTokens)
  return (scaled + 999_999n) / 1_000_000n + BigInt(c.images) * BigInt(p.imageNanoUsd)
}

describe('cost in nano-USD', () => {
  it('is exact for every price and consumption, and refused where it cannot be', () => {
    fc.assert(
      fc.property(prices, consumption, (p, c) => {
        const expected = exactCost(p, c)
        if (expected > BigInt(Number.MAX_SAFE_INTEGER)) {
          expect(() => costNanoUsd(p, c)).toThrow(RangeError)
        } else {
          expect(BigInt(costNanoUsd(p, c))).toBe(expected)
        }
      }),
      { seed: 21, numRuns: 3_000 },
    )
  })

  it('rounds up once, not per kind of token', () => {
    const p = {
      inputNanoUsdPerMillionTokens: 1,
      cachedInputNanoUsdPerMillionTokens: 1,
      outputNanoUsdPerMillionTokens: 1,
      imageNanoUsd: 0,
    }
    expect(costNanoUsd(p, { inputTokens: 2, cachedInputTokens: 1, outputTokens: 1, images: 0 })).toBe(1)
    expect(costNanoUsd(p, { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, images: 0 })).toBe(0)
  })

  it('never shrinks when more is consumed', () => {
    fc.assert(
      fc.property(prices, consumption, fc.nat({ max: 1000 }), (p, c, more) => {
        const grown = { ...c, outputTokens: c.outputTokens + more }
        expect(exactCost(p, grown) >= exactCost(p, c)).toBe(true)
        if (exactCost(p, grown) > BigInt(Number.MAX_SAFE_INTEGER)) return
        expect(costNanoUsd(p, grown)).toBeGreaterThanOrEqual(costNanoUsd(p, c))
      }),
      { seed: 22, numRuns: 500 },
    )
  })
})
