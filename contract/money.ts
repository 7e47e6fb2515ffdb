/** The prices of one model. All are integers, so that the sum of many small calls is exact. */
export interface Prices {
  readonly inputNanoUsdPerMillionTokens: number
  readonly cachedInputNanoUsdPerMillionTokens: number
  readonly outputNanoUsdPerMillionTokens: number
  /** For models that bill by the picture; 0 elsewhere. */
  readonly imageNanoUsd: number
  /** Of the output tokens that are not shown; absent: as any other output. */
  readonly reasoningNanoUsdPerMillionTokens?: number
  /** Of the input tokens that encode sound, cached or not; absent: as any other input. */
  readonly audioInputNanoUsdPerMillionTokens?: number
  /** Of the output tokens that encode sound; absent: as any other output. */
  readonly audioOutputNanoUsdPerMillionTokens?: number
  /** Of every call that is answered; absent: 0. */
  readonly callNanoUsd?: number
  /** Of every use of a tool that the provider runs; absent: 0. */
  readonly toolCallNanoUsd?: number
}

/** What a call consumed, as its provider reported it or as it was estimated. */
export interface Consumption {
  readonly inputTokens: number
  /** The part of `inputTokens` that the provider read from its cache. */
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly images: number
  /** The part of `inputTokens` that encodes sound; it may have been cached too. Absent: 0, as of all that follow. */
  readonly audioInputTokens?: number
  /** The part of `outputTokens` that was thought and not said. */
  readonly reasoningTokens?: number
  /** The part of `outputTokens` that encodes sound; none of it is reasoning. */
  readonly audioOutputTokens?: number
  /** How often the provider ran a tool of its own. */
  readonly toolCalls?: number
}

const tokensPerPrice = 1_000_000n

/**
 * The cost of a consumption in nano-USD (10⁻⁹ US dollar), rounded up once.
 *
 * @throws RangeError when the cost is beyond 2⁵³ − 1 nano-USD (about nine million dollars).
 */
export function costNanoUsd(prices: Prices, consumption: Consumption): number {
  const tokens = partition(prices, consumption)
  const fast =
    tokens.fresh * prices.inputNanoUsdPerMillionTokens +
    tokens.cached * prices.cachedInputNanoUsdPerMillionTokens +
    tokens.audioInput * (prices.audioInputNanoUsdPerMillionTokens ?? 0) +
    tokens.said * prices.outputNanoUsdPerMillionTokens +
    tokens.reasoning * (prices.reasoningNanoUsdPerMillionTokens ?? 0) +
    tokens.audioOutput * (prices.audioOutputNanoUsdPerMillionTokens ?? 0)
  const pieces =
    consumption.images * prices.imageNanoUsd +
    (prices.callNanoUsd ?? 0) +
    (consumption.toolCalls ?? 0) * (prices.toolCallNanoUsd ?? 0)
  const cost = Math.ceil(fast / 1_000_000) + pieces
  if (Number.isSafeInteger(fast) && Number.isSafeInteger(pieces) && Number.isSafeInteger(cost)) return cost
  return exactCost(prices, tokens, consumption)
}

/** A call's tokens, each counted once: under the price that it has of its own, else as one of the rest. */
interface Partition {
  readonly fresh: number
  readonly cached: number
  readonly audioInput: number
  readonly said: number
  readonly reasoning: number
  readonly audioOutput: number
}

function partition(prices: Prices, consumption: Consumption): Partition {
  const { inputTokens, cachedInputTokens, outputTokens } = consumption
  const audioInput =
    prices.audioInputNanoUsdPerMillionTokens === undefined ? 0 : (consumption.audioInputTokens ?? 0)
  // Nobody says which of the tokens with sound were cached: they are charged as sound.
  const cached = Math.min(cachedInputTokens, inputTokens - audioInput)
  const reasoning =
    prices.reasoningNanoUsdPerMillionTokens === undefined ? 0 : (consumption.reasoningTokens ?? 0)
  const audioOutput =
    prices.audioOutputNanoUsdPerMillionTokens === undefined ? 0 : (consumption.audioOutputTokens ?? 0)
  return {
    fresh: inputTokens - audioInput - cached,
    cached,
    audioInput,
    said: outputTokens - reasoning - audioOutput,
    reasoning,
    audioOutput,
  }
}

function exactCost(prices: Prices, tokens: Partition, { images, toolCalls = 0 }: Consumption): number {
  const scaled =
    product(tokens.fresh, prices.inputNanoUsdPerMillionTokens) +
    product(tokens.cached, prices.cachedInputNanoUsdPerMillionTokens) +
    product(tokens.audioInput, prices.audioInputNanoUsdPerMillionTokens) +
    product(tokens.said, prices.outputNanoUsdPerMillionTokens) +
    product(tokens.reasoning, prices.reasoningNanoUsdPerMillionTokens) +
    product(tokens.audioOutput, prices.audioOutputNanoUsdPerMillionTokens)
  const pieces =
    product(images, prices.imageNanoUsd) +
    product(1, prices.callNanoUsd) +
    product(toolCalls, prices.toolCallNanoUsd)
  const cost = (scaled + tokensPerPrice - 1n) / tokensPerPrice + pieces
  if (cost > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError('the cost of this call exceeds 2^53 nano-USD')
  return Number(cost)
}

function product(count: number, price = 0): bigint {
  return BigInt(count) * BigInt(price)
}

/**
 * Prices that hold for every call, with the dearest of its kind for each token: nothing that a call consumes costs more.
 */
export function dearestPrices(prices: Prices): Prices {
  const { inputNanoUsdPerMillionTokens: input, outputNanoUsdPerMillionTokens: output } = prices
  const dearestInput = Math.max(
    input,
    prices.cachedInputNanoUsdPerMillionTokens,
    prices.audioInputNanoUsdPerMillionTokens ?? 0,
  )
  const dearestOutput = Math.max(
    output,
    prices.reasoningNanoUsdPerMillionTokens ?? 0,
    prices.audioOutputNanoUsdPerMillionTokens ?? 0,
  )
  const { imageNanoUsd, callNanoUsd = 0, toolCallNanoUsd = 0 } = prices
  return {
    inputNanoUsdPerMillionTokens: dearestInput,
    cachedInputNanoUsdPerMillionTokens: dearestInput,
    outputNanoUsdPerMillionTokens: dearestOutput,
    ...{ imageNanoUsd, callNanoUsd, toolCallNanoUsd },
  }
}

const dollarDigits = 9

/** An amount in US dollars, exact, with at least two decimals: `0.000012345`, `1.50`. */
export function decimalUsd(nanoUsd: number | bigint | string): string {
  const digits = String(nanoUsd).padStart(dollarDigits + 1, '0')
  const fraction = digits.slice(-dollarDigits).replace(/0+$/, '').padEnd(2, '0')
  return `${digits.slice(0, -dollarDigits)}.${fraction}`
}
