import type { Model as ModelDocument } from '../../../contract/configuration/entities.ts'
import type { Prices } from '../../../contract/money.ts'
import type { Model } from './entity.ts'

export function modelSnapshot(model: Model): ModelDocument {
  const { id, providerId, name, upstreamName, maxOutputTokens } = model
  return { kind: 'model', id, providerId, name, upstreamName, maxOutputTokens, prices: pricesOf(model) }
}

type PriceColumns = Pick<Model, 'inputPrice' | 'cachedInputPrice' | 'outputPrice' | 'imagePrice'>

/** Null when the prices are unknown: the table has all four of them or none. */
export function pricesOf(model: PriceColumns): Prices | null {
  const { inputPrice, cachedInputPrice, outputPrice, imagePrice } = model
  if (inputPrice === null || cachedInputPrice === null || outputPrice === null || imagePrice === null) {
    return null
  }
  return {
    inputNanoUsdPerMillionTokens: inputPrice,
    cachedInputNanoUsdPerMillionTokens: cachedInputPrice,
    outputNanoUsdPerMillionTokens: outputPrice,
    imageNanoUsd: imagePrice,
  }
}

export function priceColumns(prices: Prices | null): PriceColumns {
  return {
    inputPrice: prices?.inputNanoUsdPerMillionTokens ?? null,
    cachedInputPrice: prices?.cachedInputNanoUsdPerMillionTokens ?? null,
    outputPrice: prices?.outputNanoUsdPerMillionTokens ?? null,
    imagePrice: prices?.imageNanoUsd ?? null,
  }
}
