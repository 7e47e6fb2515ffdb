import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Consumption, costNanoUsd, decimalUsd, type Prices } from '../../contract/money.ts'

const price = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 1_000_000_000_000 }))
const needed = {
  inputNanoUsdPerMillionTokens: price,
  cachedInputNanoUsdPerMillionTokens: price,
  outputNanoUsdPerMillionTokens: price,
  imageNanoUsd: price,
}
const optional = {
  reasoningNanoUsdPerMillionTokens: price,
  audioInputNanoUsdPerMillionTokens: price,
  audioOutputNanoUsdPerMillionTokens: price,
  callNanoUsd: price,
  toolCallNanoUsd: price,
}
const prices: fc.Arbitrary<Prices> = fc
  .tuple(fc.record(needed), fc.record(optional, { requiredKeys: [] }))
  .map(([some, others]) => ({ ...some, ...others }))
const part = fc.double({ min: 0, max: 1, noNaN: true })
const tokens = fc.oneof(fc.nat({ max: 10_000 }), fc.nat({ max: 2_000_000_000 }))
const consumption: fc.Arbitrary<Consumption> = fc
  .record({
    inputTokens: tokens,
    outputTokens: tokens,
    images: fc.nat({ max: 1000 }),
    toolCalls: fc.nat({ max: 1000 }),
    parts: fc.record({ cached: part, audioInput: part, reasoning: part, audioOutput: part }),
  })
  .map(({ parts, ...rest }) => {
    const reasoningTokens = Math.floor(rest.outputTokens * parts.reasoning)
    return {
      ...rest,
      cachedInputTokens: Math.floor(rest.inputTokens * parts.cached),
      audioInputTokens: Math.floor(rest.inputTokens * parts.audioInput),
      reasoningTokens,
      audioOutputTokens: Math.floor((rest.outputTokens - reasoningTokens) * parts.audioOutput),
    }
  })

/** The definition, in unbounded integers. */
function exactCost(p: Prices, c: Consumption): bigint {
  const { audioInputTokens = 0, reasoningTokens = 0, audioOutputTokens = 0, toolCalls = 0 } = c
  const audio = p.audioInputNanoUsdPerMillionTokens === undefined ? 0 : audioInputTokens
  const cached = Math.min(c.cachedInputTokens, c.inputTokens - audio)
  const outputPrice = p.outputNanoUsdPerMillionTokens
  const items: [count: number, price: number][] = [
    [c.inputTokens - audio - cached, p.inputNanoUsdPerMillionTokens],
    [cached, p.cachedInputNanoUsdPerMillionTokens],
    [audio, p.audioInputNanoUsdPerMillionTokens ?? 0],
    [c.outputTokens - reasoningTokens - audioOutputTokens, outputPrice],
    [reasoningTokens, p.reasoningNanoUsdPerMillionTokens ?? outputPrice],
    [audioOutputTokens, p.audioOutputNanoUsdPerMillionTokens ?? outputPrice],
  ]
  const scaled = items.reduce((sum, [count, each]) => sum + BigInt(count) * BigInt(each), 0n)
  const tools = BigInt(toolCalls) * BigInt(p.toolCallNanoUsd ?? 0)
  const pieces = BigInt(c.images) * BigInt(p.imageNanoUsd) + BigInt(p.callNanoUsd ?? 0) + tools
  return (scaled + 999_999n) / 1_000_000n + pieces
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

it.each([
  [0, '0.00'],
  [1, '0.000000001'],
  [1_500_000_000, '1.50'],
  ['12345678901234567890', '12345678901.23456789'],
  [Number.MAX_SAFE_INTEGER, '9007199.254740991'],
])('%s nano-USD are %s dollars, exactly', (nanoUsd, dollars) => {
  expect(decimalUsd(nanoUsd)).toBe(dollars)
})
