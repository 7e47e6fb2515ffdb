import type { Json } from '../../contract/canonical.ts'
import type { FileModel, FilePrices } from '../../contract/configuration-file/access.ts'
import type { Prices } from '../../contract/money.ts'
import type { Model } from '../modules/models/entity.ts'
import type { PricesInput } from '../modules/models/prices.ts'
import type { PricesFrom } from '../modules/models/service.ts'
import { presentPrices } from '../modules/models/snapshot.ts'
import { given, instant, type Refuse, usdAmount } from './normal-forms.ts'
import { nanoUsdOfUsd, usdOfNanoUsd } from './usd.ts'

/* Prices of models: in US dollars in a file, in nano-USD everywhere else. */

const names = {
  inputUsdPerMillionTokens: 'inputNanoUsdPerMillionTokens',
  cachedInputUsdPerMillionTokens: 'cachedInputNanoUsdPerMillionTokens',
  outputUsdPerMillionTokens: 'outputNanoUsdPerMillionTokens',
  imageUsd: 'imageNanoUsd',
  reasoningUsdPerMillionTokens: 'reasoningNanoUsdPerMillionTokens',
  audioInputUsdPerMillionTokens: 'audioInputNanoUsdPerMillionTokens',
  audioOutputUsdPerMillionTokens: 'audioOutputNanoUsdPerMillionTokens',
  callUsd: 'callNanoUsd',
  toolCallUsd: 'toolCallNanoUsd',
} as const satisfies Record<keyof FilePrices, keyof Prices>
const pairs = Object.entries(names) as [keyof FilePrices, keyof Prices][]
/** Nothing unless said, so that saying it changes nothing. */
const fees: ReadonlySet<string> = new Set(['callUsd', 'toolCallUsd'])

export interface WantedPrices {
  readonly prices: Json | undefined
  readonly scheduledPrices: Json | undefined
}

/**
 * What a file wants a model to cost. Of scheduled prices those whose time has come are the prices: a file that nobody
 * touches means the same before and after.
 *
 * @param now Milliseconds since the epoch.
 */
export function wantedPrices(
  { prices, scheduledPrices }: Pick<FileModel, 'prices' | 'scheduledPrices'>,
  path: string,
  now: number,
  refuse: Refuse,
): WantedPrices {
  const wanted = prices && usdPrices(prices, `${path}/prices`, refuse)
  const schedule = (scheduledPrices ?? []).map((later, index) => {
    const place = `${path}/scheduledPrices/${index}`
    return {
      validFrom: instant(later.validFrom, `${place}/validFrom`, refuse),
      prices: usdPrices(later.prices, `${place}/prices`, refuse),
    }
  })
  schedule.sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1))
  for (const [index, { validFrom }] of schedule.entries()) {
    if (schedule[index + 1]?.validFrom !== validFrom) continue
    refuse(`${path}/scheduledPrices`, `has prices for ${validFrom} twice`)
  }
  const hasCome = ({ validFrom }: { readonly validFrom: string }) => Date.parse(validFrom) <= now
  return {
    prices: schedule.findLast(hasCome)?.prices ?? wanted,
    scheduledPrices: scheduledPrices && schedule.filter((later) => !hasCome(later)),
  }
}

/** Each price as it is when the file leaves it out. */
function usdPrices(prices: FilePrices, path: string, refuse: Refuse): Readonly<Record<string, Json>> {
  const { inputUsdPerMillionTokens, cachedInputUsdPerMillionTokens = inputUsdPerMillionTokens } = prices
  const whole = { ...prices, cachedInputUsdPerMillionTokens, imageUsd: prices.imageUsd ?? 0 }
  return given(
    Object.fromEntries(
      pairs.map(([name]) => {
        const usd = whole[name]
        const amount = usd === undefined ? undefined : usdAmount(usd, `${path}/${name}`, refuse)
        return [name, amount === 0 && fees.has(name) ? undefined : amount]
      }),
    ),
  )
}

/** What a model costs and is going to cost, as a file says it. */
export function normalPrices(model: Model, now: number) {
  const prices = presentPrices(model, now)
  return {
    prices: prices && usdOf(prices),
    scheduledPrices: model.scheduledPrices
      .filter(({ from }) => from > now)
      .map((later) => ({ validFrom: new Date(later.from).toISOString(), prices: usdOf(later.prices) })),
  }
}

function usdOf(prices: Prices): Readonly<Record<string, Json>> {
  const usd = (name: keyof Prices) => {
    const nanoUsd = prices[name]
    return nanoUsd === undefined ? undefined : usdOfNanoUsd(BigInt(nanoUsd))
  }
  return given(Object.fromEntries(pairs.map(([name, own]) => [name, usd(own)])))
}

/** A file's prices as the services take them. */
export function pricesInput(prices: FilePrices): PricesInput {
  const nanoUsd = (name: keyof FilePrices) => {
    const usd = prices[name]
    return usd === undefined ? undefined : nanoUsdOfUsd(usd)
  }
  return {
    ...Object.fromEntries(pairs.map(([name, own]) => [own, nanoUsd(name)])),
    inputNanoUsdPerMillionTokens: nanoUsdOfUsd(prices.inputUsdPerMillionTokens),
    outputNanoUsdPerMillionTokens: nanoUsdOfUsd(prices.outputUsdPerMillionTokens),
  }
}

export function scheduleInput(schedule: NonNullable<FileModel['scheduledPrices']>): PricesFrom[] {
  return schedule.map(({ validFrom, prices }) => ({
    validFrom: new Date(validFrom),
    prices: pricesInput(prices),
  }))
}
