import { canonicalJson, type Json } from '../../contract/canonical.ts'
import type { FilePrices } from '../../contract/configuration-file/access.ts'
import type { ConfigurationFile } from '../../contract/configuration-file/schema.ts'
import { BadUserInput } from '../graphql/errors.ts'
import { checkHeaderNames, checkHeaderPatterns } from '../modules/client-configuration/headers.ts'
import { checkOrigins } from '../modules/client-configuration/origins.ts'
import { nanoUsdOfUsd, usdOfNanoUsd } from './usd.ts'

/*
 * What a file says in the one form in which it is kept: only then does a second look find nothing to change.
 */

/** Takes down what is wrong at a place of the file. */
export type Refuse = (path: string, message: string) => void

type Fields = Readonly<Record<string, Json>>

/** Without what the file leaves out. */
export function given(fields: object): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function clientSettings(
  {
    allowedOrigins,
    allowedHeaders,
    headerFilter = {},
  }: NonNullable<ConfigurationFile['clientConfiguration']>,
  path: string,
  refuse: Refuse,
): Fields {
  const { allowlist, denylist, forwardDirect } = headerFilter
  const checked = (field: string, names: readonly string[] | undefined, check: typeof checkOrigins) =>
    names &&
    checkedNames(names, field, check, (message) => refuse(`${path}/${field.replace('.', '/')}`, message))
  return given({
    allowedOrigins: checked('allowedOrigins', allowedOrigins, checkOrigins),
    allowedHeaders: checked('allowedHeaders', allowedHeaders, checkHeaderNames),
    'headerFilter.allowlist': allowlist && checked('headerFilter.allowlist', allowlist, checkHeaderPatterns),
    'headerFilter.denylist': checked('headerFilter.denylist', denylist, checkHeaderPatterns),
    'headerFilter.forwardDirect': forwardDirect,
  })
}

export function checkedNames(
  names: readonly string[],
  field: string,
  check: (field: string, names: readonly string[]) => string[],
  refuse: (message: string) => void,
): string[] {
  try {
    return check(field, names)
  } catch (error) {
    if (!(error instanceof BadUserInput)) throw error
    refuse(error.message)
    return [...names]
  }
}

/** All four prices, each as it is when the file leaves it out. */
export function usdPrices(prices: FilePrices, path: string, refuse: Refuse): Fields {
  const { inputUsdPerMillionTokens, cachedInputUsdPerMillionTokens = inputUsdPerMillionTokens } = prices
  const amounts = {
    inputUsdPerMillionTokens,
    cachedInputUsdPerMillionTokens,
    outputUsdPerMillionTokens: prices.outputUsdPerMillionTokens,
    imageUsd: prices.imageUsd ?? 0,
  }
  const normal = Object.entries(amounts).map(([name, usd]) => [
    name,
    usdAmount(usd, `${path}/${name}`, refuse),
  ])
  return Object.fromEntries(normal)
}

export function usdAmount(amount: number | string, path: string, refuse: Refuse): number | string {
  try {
    return usdOfNanoUsd(nanoUsdOfUsd(amount))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    refuse(path, error.message)
    return 0
  }
}

/** Entries whose order says nothing, such as budgets of different periods. */
export function inNormalOrder<Entry extends Json>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
}
