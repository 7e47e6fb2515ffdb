/** The prices of one model. All are integers, so that the sum of many small calls is exact. */
export interface Prices {
  readonly inputNanoUsdPerMillionTokens: number
  readonly cachedInputNanoUsdPerMillionTokens: number
  readonly outputNanoUsdPerMillionTokens: number
  /** For models that bill by the picture; 0 elsewhere. */
  readonly imageNanoUsd: number
}

/** What a call consumed, as its provider reported it or as it was estimated. */
export interface Consumption {
  readonly inputTokens: number
  /** The part of `inputTokens` that the provider read from its cache. */
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly images: number
}

const tokensPerPrice = 1_000_000n

/**
 * The cost of a consumption in nano-USD (10⁻⁹ US dollar), rounded up once.
 *
 * @throws RangeError when the cost is beyond 2⁵³ − 1 nano-USD (about nine million dollars).
 */
export function costNanoUsd(prices: Prices, consumption: Consumption): number {
  const freshTokens = consumption.inputTokens - consumption.cachedInputTokens
  const fast =
    freshTokens * prices.inputNanoUsdPerMillionTokens +
    consumption.cachedInputTokens * prices.cachedInputNanoUsdPerMillionTokens +
    consumption.outputTokens * prices.outputNanoUsdPerMillionTokens
  const images = consumption.images * prices.imageNanoUsd
  if (Number.isSafeInteger(fast) && Number.isSafeInteger(images)) return Math.ceil(fast / 1_000_000) + images
  return exactCost(prices, consumption)
}

function exactCost(
  prices: Prices,
  { inputTokens, cachedInputTokens, outputTokens, images }: Consumption,
): number {
  const scaled =
    BigInt(inputTokens - cachedInputTokens) * BigInt(prices.inputNanoUsdPerMillionTokens) +
    BigInt(cachedInputTokens) * BigInt(prices.cachedInputNanoUsdPerMillionTokens) +
    BigInt(outputTokens) * BigInt(prices.outputNanoUsdPerMillionTokens)
  const cost = (scaled + tokensPerPrice - 1n) / tokensPerPrice + BigInt(images) * BigInt(prices.imageNanoUsd)
  if (cost > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError('the cost of this call exceeds 2^53 nano-USD')
  return Number(cost)
}
