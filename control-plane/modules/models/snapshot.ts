import type { Model as ModelDocument } from '../../../contract/configuration/entities.ts'
import { pricesAt } from '../../../contract/effective-prices.ts'
import type { Prices } from '../../../contract/money.ts'
import type { Model } from './entity.ts'
import { pricesOf } from './price-columns.ts'

export function modelSnapshot(model: Model): ModelDocument {
  const { id, providerId, name, upstreamName, maxOutputTokens } = model
  const scheduledPrices = model.scheduledPrices.map(({ from, prices }) => ({ from, prices }))
  return {
    ...({ kind: 'model', id, providerId, name, upstreamName, maxOutputTokens } as const),
    prices: pricesOf(model),
    ...(scheduledPrices.length > 0 && { scheduledPrices }),
  }
}

/**
 * What a model costs at a time, whether or not that has been moved to its columns.
 *
 * @param now Milliseconds since the epoch.
 */
export function presentPrices(model: Model, now: number): Prices | null {
  return pricesAt({ prices: pricesOf(model), scheduledPrices: model.scheduledPrices }, now)
}
