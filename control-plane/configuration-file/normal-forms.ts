import { canonicalJson, type Json } from '../../contract/canonical.ts'
import type { ConfigurationFile } from '../../contract/configuration-file/schema.ts'
import { dateTimeRule, findDateTime } from '../graphql/date-time.ts'
import { BadUserInput } from '../graphql/errors.ts'
import { checkCredentialKinds } from '../modules/client-configuration/credentials.ts'
import {
  checkHeaderNames,
  checkHeaderPatterns,
  checkRequiredHeaders,
} from '../modules/client-configuration/headers.ts'
import { checkNetworks } from '../modules/client-configuration/networks.ts'
import { checkOrigins } from '../modules/client-configuration/origins.ts'
import { fieldPath } from './field-path.ts'
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

/** Without what nothing is said of. */
export function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

type Check<Entry> = (field: string, entries: readonly Entry[]) => Entry[]

export function clientSettings(
  { headerFilter = {}, ...settings }: NonNullable<ConfigurationFile['clientConfiguration']>,
  path: string,
  refuse: Refuse,
): Fields {
  const { allowlist, denylist, forwardDirect } = headerFilter
  const checked = <Entry>(field: string, entries: readonly Entry[] | undefined, check: Check<Entry>) => {
    return entries && checkedEntries(entries, { field, path }, check, refuse)
  }
  return given({
    allowedOrigins: checked('allowedOrigins', settings.allowedOrigins, checkOrigins),
    allowedHeaders: checked('allowedHeaders', settings.allowedHeaders, checkHeaderNames),
    'headerFilter.allowlist': allowlist && checked('headerFilter.allowlist', allowlist, checkHeaderPatterns),
    'headerFilter.denylist': checked('headerFilter.denylist', denylist, checkHeaderPatterns),
    'headerFilter.forwardDirect': forwardDirect,
    requiredHeaders: checked('requiredHeaders', settings.requiredHeaders, checkRequiredHeaders),
    ipAllowlist: checked('ipAllowlist', settings.ipAllowlist, checkNetworks),
    trustedProxies: checked('trustedProxies', settings.trustedProxies, checkNetworks),
    requireApprovalForHeaderChanges: settings.requireApprovalForHeaderChanges,
    maxStalenessSeconds: settings.maxStalenessSeconds,
    showBudgetAmounts: settings.showBudgetAmounts,
    rolesGovernInference: settings.rolesGovernInference,
    acceptedCredentials: checked('acceptedCredentials', settings.acceptedCredentials, checkCredentialKinds),
  })
}

/** @param path where the field is a member of. */
export function checkedEntries<Entry>(
  entries: readonly Entry[],
  { field, path }: { readonly field: string; readonly path: string },
  check: Check<Entry>,
  refuse: Refuse,
): Entry[] {
  try {
    return check(field, entries)
  } catch (error) {
    if (!(error instanceof BadUserInput)) throw error
    refuse(path + fieldPath(error), error.message)
    return [...entries]
  }
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

/** In UTC, with milliseconds. */
export function instant(time: string, path: string, refuse: Refuse): string {
  const date = findDateTime(time)
  if (date) return date.toISOString()
  refuse(path, `must be ${dateTimeRule}`)
  return time
}

/** Entries whose order says nothing, such as budgets of different periods. */
export function inNormalOrder<Entry extends Json>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
}
