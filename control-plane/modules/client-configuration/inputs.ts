import { staleness } from '../../../contract/configuration/parts.ts'
import type { CredentialKind } from '../../../contract/credential-kinds.ts'
import type { ExpectedVersion } from '../../db/require-row.ts'
import { checkInteger } from '../../input.ts'
import { checkCredentialKinds } from './credentials.ts'
import { checkHeaderNames, checkHeaderPatterns, checkRequiredHeaders } from './headers.ts'
import { checkNetworks } from './networks.ts'
import { checkOrigins } from './origins.ts'
import type { ClientSettings, RequiredHeader } from './settings.ts'

/** What is left out stays as it is. */
export interface UpdateClientConfiguration extends ExpectedVersion {
  readonly allowedOrigins?: readonly string[] | null | undefined
  readonly allowedHeaders?: readonly string[] | null | undefined
  readonly headerFilter?: UpdateHeaderFilter | null | undefined
  /** Null: none. */
  readonly requiredHeaders?: readonly RequiredHeader[] | null | undefined
  /** Null: everywhere. */
  readonly ipAllowlist?: readonly string[] | null | undefined
  /** Null: none. */
  readonly trustedProxies?: readonly string[] | null | undefined
  readonly requireApprovalForHeaderChanges?: boolean | null | undefined
  /** Null: any age. */
  readonly maxStalenessSeconds?: number | null | undefined
  readonly showBudgetAmounts?: boolean | null | undefined
  readonly rolesGovernInference?: boolean | null | undefined
  readonly acceptedCredentials?: readonly CredentialKind[] | null | undefined
}

export interface UpdateHeaderFilter {
  /** Null: every `x-bf-eh-*` header but the denied ones. */
  readonly allowlist?: readonly string[] | null | undefined
  readonly denylist?: readonly string[] | null | undefined
  readonly forwardDirect?: boolean | null | undefined
}

/** @throws BadUserInput */
export function checkChanges(input: UpdateClientConfiguration): Partial<ClientSettings> {
  const { allowedOrigins, allowedHeaders, requiredHeaders, ipAllowlist, trustedProxies } = input
  const { allowlist, denylist, forwardDirect } = input.headerFilter ?? {}
  const { requireApprovalForHeaderChanges, maxStalenessSeconds, showBudgetAmounts } = input
  const { rolesGovernInference, acceptedCredentials } = input
  return {
    ...(allowedOrigins != null && { allowedOrigins: checkOrigins('allowedOrigins', allowedOrigins) }),
    ...(allowedHeaders != null && { allowedHeaders: checkHeaderNames('allowedHeaders', allowedHeaders) }),
    ...(allowlist !== undefined && {
      forwardAllowlist: allowlist && checkHeaderPatterns('headerFilter.allowlist', allowlist),
    }),
    ...(denylist != null && { forwardDenylist: checkHeaderPatterns('headerFilter.denylist', denylist) }),
    ...(forwardDirect != null && { forwardDirect }),
    ...(requiredHeaders !== undefined && {
      requiredHeaders: checkRequiredHeaders('requiredHeaders', requiredHeaders ?? []),
    }),
    ...(ipAllowlist !== undefined && { ipAllowlist: checkNetworks('ipAllowlist', ipAllowlist ?? []) }),
    ...(trustedProxies !== undefined && {
      trustedProxies: checkNetworks('trustedProxies', trustedProxies ?? []),
    }),
    ...(requireApprovalForHeaderChanges != null && { requireApprovalForHeaderChanges }),
    ...(maxStalenessSeconds !== undefined && { maxStalenessSeconds: checkMaxStaleness(maxStalenessSeconds) }),
    ...(showBudgetAmounts != null && { showBudgetAmounts }),
    ...(rolesGovernInference != null && { rolesGovernInference }),
    ...(acceptedCredentials != null && {
      acceptedCredentials: checkCredentialKinds('acceptedCredentials', acceptedCredentials),
    }),
  }
}

function checkMaxStaleness(seconds: number | null): number | null {
  const { minimumSeconds: minimum, maximumSeconds: maximum } = staleness
  return seconds === null ? null : checkInteger('maxStalenessSeconds', seconds, { minimum, maximum })
}
