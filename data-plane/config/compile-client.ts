import type { ClientConfiguration } from '../../contract/configuration/entities.ts'
import { type ContainsAddress, compileNetworks, NetworkRefused } from '../../contract/networks.ts'
import { PatternRefused } from '../../contract/patterns.ts'
import { compileRequiredValue } from '../../contract/required-headers.ts'
import type { Configuration } from '../../plugins/sdk/builtin.ts'
import { ConfigurationRefused } from './refusal.ts'

/** What is asked of a call before anybody knows whose it is, which of its headers go on, and how old this may be. */
export type ClientRules = Pick<
  Configuration,
  | 'allowedOrigins'
  | 'allowedHeaders'
  | 'headerFilter'
  | 'requiredHeaders'
  | 'admitsAddress'
  | 'isTrustedProxy'
  | 'maxStalenessMs'
  | 'showBudgetAmounts'
>

/** Without a client configuration: no page of any origin calls, and nothing is forwarded. */
export const closedToBrowsers: ClientRules = Object.freeze({
  allowedOrigins: [],
  allowedHeaders: [],
  headerFilter: Object.freeze({ allowlist: [], denylist: [], forwardDirect: false }),
  requiredHeaders: [],
  admitsAddress: null,
  isTrustedProxy: null,
  maxStalenessMs: null,
  showBudgetAmounts: false,
})

/** @throws ConfigurationRefused for a network or pattern that cannot be used. */
export function compileClient(client: ClientConfiguration): ClientRules {
  const { id, allowedOrigins, allowedHeaders, headerFilter, ...asked } = client
  try {
    return Object.freeze({
      allowedOrigins,
      allowedHeaders,
      headerFilter,
      requiredHeaders: (asked.requiredHeaders ?? []).map(({ name, pattern }) => ({
        name: name.toLowerCase(),
        accepts: compileRequiredValue(pattern),
      })),
      admitsAddress: networksOf(asked.ipAllowlist),
      isTrustedProxy: networksOf(asked.trustedProxies),
      maxStalenessMs: millisecondsOf(asked.maxStalenessSeconds),
      showBudgetAmounts: asked.showBudgetAmounts ?? false,
    })
  } catch (error) {
    if (!(error instanceof NetworkRefused || error instanceof PatternRefused)) throw error
    throw new ConfigurationRefused(`client_configuration/${id}: ${error.message}`)
  }
}

/** Null: no limit. */
export function millisecondsOf(seconds: number | undefined): number | null {
  return seconds === undefined ? null : seconds * 1000
}

function networksOf(entries: readonly string[] | undefined): ContainsAddress | null {
  return entries === undefined ? null : compileNetworks(entries)
}
