import { p } from '@mikro-orm/core'
import type { Prices } from '../../../contract/money.ts'

/** As models and their history keep prices: null is a price that is not known, or not one of its own. */
export const priceProperties = {
  inputPrice: p.bigint('number').strictNullable(),
  cachedInputPrice: p.bigint('number').strictNullable(),
  outputPrice: p.bigint('number').strictNullable(),
  imagePrice: p.bigint('number').strictNullable(),
  reasoningPrice: p.bigint('number').strictNullable(),
  audioInputPrice: p.bigint('number').strictNullable(),
  audioOutputPrice: p.bigint('number').strictNullable(),
  callPrice: p.bigint('number').strictNullable(),
  toolCallPrice: p.bigint('number').strictNullable(),
}

export type PriceColumns = { [Column in keyof typeof priceProperties]: number | null }

/** Null when the prices are unknown: the table has the first four of them or none. */
export function pricesOf(columns: PriceColumns): Prices | null {
  const { inputPrice, cachedInputPrice, outputPrice, imagePrice } = columns
  if (inputPrice === null || cachedInputPrice === null || outputPrice === null || imagePrice === null) {
    return null
  }
  const { reasoningPrice, audioInputPrice, audioOutputPrice, callPrice, toolCallPrice } = columns
  return {
    inputNanoUsdPerMillionTokens: inputPrice,
    cachedInputNanoUsdPerMillionTokens: cachedInputPrice,
    outputNanoUsdPerMillionTokens: outputPrice,
    imageNanoUsd: imagePrice,
    ...(reasoningPrice !== null && { reasoningNanoUsdPerMillionTokens: reasoningPrice }),
    ...(audioInputPrice !== null && { audioInputNanoUsdPerMillionTokens: audioInputPrice }),
    ...(audioOutputPrice !== null && { audioOutputNanoUsdPerMillionTokens: audioOutputPrice }),
    ...(callPrice !== null && { callNanoUsd: callPrice }),
    ...(toolCallPrice !== null && { toolCallNanoUsd: toolCallPrice }),
  }
}

export function priceColumns(prices: Prices | null): PriceColumns {
  return {
    inputPrice: prices?.inputNanoUsdPerMillionTokens ?? null,
    cachedInputPrice: prices?.cachedInputNanoUsdPerMillionTokens ?? null,
    outputPrice: prices?.outputNanoUsdPerMillionTokens ?? null,
    imagePrice: prices?.imageNanoUsd ?? null,
    reasoningPrice: prices?.reasoningNanoUsdPerMillionTokens ?? null,
    audioInputPrice: prices?.audioInputNanoUsdPerMillionTokens ?? null,
    audioOutputPrice: prices?.audioOutputNanoUsdPerMillionTokens ?? null,
    callPrice: prices?.callNanoUsd ?? null,
    toolCallPrice: prices?.toolCallNanoUsd ?? null,
  }
}
