import type { Prices } from '../../contract/money.ts'

export interface SimulatedModel {
  readonly name: string
  /** The most output tokens that one answer may have; null where the model writes none. */
  readonly maxOutputTokens: number | null
  readonly prices: Prices
}

function tokenPrices(input: number, cachedInput: number, output: number): Prices {
  return {
    inputNanoUsdPerMillionTokens: input,
    cachedInputNanoUsdPerMillionTokens: cachedInput,
    outputNanoUsdPerMillionTokens: output,
    imageNanoUsd: 0,
  }
}

/** What the demo provider offers and what it bills. */
export const simulatedModels: readonly SimulatedModel[] = [
  { name: 'demo-chat', maxOutputTokens: 16_384, prices: tokenPrices(150_000_000, 75_000_000, 600_000_000) },
  {
    name: 'demo-reasoning',
    maxOutputTokens: 65_536,
    prices: tokenPrices(1_100_000_000, 550_000_000, 4_400_000_000),
  },
  { name: 'demo-embedding', maxOutputTokens: null, prices: tokenPrices(20_000_000, 20_000_000, 0) },
  {
    name: 'demo-image',
    maxOutputTokens: null,
    prices: { ...tokenPrices(0, 0, 0), imageNanoUsd: 40_000_000 },
  },
]
