import { findProvider, type MatchLogic, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices'
import type { Prices } from '../../../contract/money.ts'
import { nanoUsdOf } from './nano-usd.ts'

/** Whose models a new provider may begin with. */
export const catalogueNames = ['openai'] as const
export type Catalogue = (typeof catalogueNames)[number]

export interface CatalogueModel {
  readonly name: string
  readonly prices: Prices
}

/**
 * The models of a provider with their list prices of that day, from the price list `@pydantic/genai-prices` of
 * the installed release (US dollars per million tokens; https://github.com/pydantic/genai-prices). A model that
 * is not billed by input tokens is left out.
 *
 * Sound has prices of its own. Where the list differs by whether a token encodes text or a picture, the higher price is
 * taken, for usage reports do not say it. Where it differs by the length of the input, the price of the shorter input is taken.
 * Fees of the provider's own tools are not part of it.
 */
export function catalogueModels(catalogue: Catalogue, now: Date): CatalogueModel[] {
  const models = findProvider({ providerId: catalogue })?.models ?? []
  const byName = new Map<string, Prices>()
  for (const model of models) {
    const prices = pricesOn(model, now)
    if (!prices) continue
    for (const name of exactNames(model)) byName.set(name, prices)
  }
  return [...byName].map(([name, prices]) => ({ name, prices })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The names that the list gives in full and under which the provider itself sells the model, not those of resellers. */
function exactNames({ id, match }: ModelInfo): string[] {
  const names = fullNames(match).filter((name) => name === id || name.startsWith(`${id}-`))
  return 'starts_with' in match && match.starts_with === id ? [id, ...names] : names
}

function fullNames(match: MatchLogic): string[] {
  if ('equals' in match) return [match.equals]
  return 'or' in match ? match.or.flatMap(fullNames) : []
}

function pricesOn({ prices }: ModelInfo, now: Date): Prices | undefined {
  const list = Array.isArray(prices) ? priceSince(prices, now) : prices
  const input = highest(list, 'input_mtok', 'input_image_mtok')
  if (!list || basePrice(list.input_mtok) === undefined || input === undefined) return undefined
  const output = highest(list, 'output_mtok', 'output_image_mtok')
  const cached = highest(list, 'cache_read_mtok', 'cache_image_read_mtok')
  const audioInput = basePrice(list.input_audio_mtok)
  const audioOutput = basePrice(list.output_audio_mtok)
  return {
    inputNanoUsdPerMillionTokens: nanoUsdOf(input),
    cachedInputNanoUsdPerMillionTokens: nanoUsdOf(cached ?? input),
    outputNanoUsdPerMillionTokens: nanoUsdOf(output ?? 0),
    imageNanoUsd: 0,
    ...(audioInput !== undefined && { audioInputNanoUsdPerMillionTokens: nanoUsdOf(audioInput) }),
    ...(audioOutput !== undefined && { audioOutputNanoUsdPerMillionTokens: nanoUsdOf(audioOutput) }),
  }
}

/** The last of the prices whose day has come; one that holds at certain hours only is never it. */
function priceSince(
  conditional: Extract<ModelInfo['prices'], readonly unknown[]>,
  now: Date,
): ModelPrice | undefined {
  const today = now.toISOString().slice(0, 10)
  return conditional.findLast(
    ({ constraint }) => !constraint || (constraint.type === 'start_date' && constraint.start_date <= today),
  )?.prices
}

function highest(list: ModelPrice | undefined, ...names: readonly string[]): number | undefined {
  const prices = names.map((name) => basePrice(list?.[name])).filter((price) => price !== undefined)
  return prices.length === 0 ? undefined : Math.max(...prices)
}

function basePrice(price: ModelPrice[string]): number | undefined {
  return typeof price === 'object' ? price.base : price
}
