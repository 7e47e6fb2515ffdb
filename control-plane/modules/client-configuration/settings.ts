import type { Json } from '../../../contract/canonical.ts'
import { type CredentialKind, credentialKinds } from '../../../contract/credential-kinds.ts'

/** A header that every call must carry: `*`, or a pattern for its whole value. */
export type RequiredHeader = { readonly name: string; readonly pattern: string }

/** What the organization may set. */
export interface ClientSettings {
  readonly allowedOrigins: string[]
  readonly allowedHeaders: string[]
  readonly forwardAllowlist: string[] | null
  readonly forwardDenylist: string[]
  readonly forwardDirect: boolean
  readonly requiredHeaders: RequiredHeader[]
  /** `[]`: calls may come from everywhere. */
  readonly ipAllowlist: string[]
  readonly trustedProxies: string[]
  /** Whether letting more headers through, and saying no to this, needs a second person. [S1-45] */
  readonly requireApprovalForHeaderChanges: boolean
  /** How old a data plane's configuration may be before it refuses calls; null: any age. */
  readonly maxStalenessSeconds: number | null
  /** Whether callers read how much money is in a budget. */
  readonly showBudgetAmounts: boolean
  /** Whether calls of a user are for what their roles give of `inference:…`. [X0-02] */
  readonly rolesGovernInference: boolean
  /** By what the control plane lets people and programs in, each once, in the order of all kinds. [S3-07] */
  readonly acceptedCredentials: CredentialKind[]
}

/**
 * What holds until somebody says otherwise: no browser reaches the gateway, nothing private is forwarded, and nobody
 * changes that alone. [S1-02, S1-40, S1-43, S1-45]
 */
export const defaultSettings: Readonly<ClientSettings> = {
  allowedOrigins: [],
  allowedHeaders: ['authorization', 'content-type', 'x-bifrost-virtual-key', 'x-request-id'],
  forwardAllowlist: [],
  forwardDenylist: [
    'authorization',
    'baggage',
    'cookie',
    'forwarded',
    'host',
    'proxy-authorization',
    'set-cookie',
    'traceparent',
    'tracestate',
    'x-auth-*',
    'x-csrf-*',
    'x-forwarded-*',
    'x-real-ip',
    'x-session-*',
  ],
  forwardDirect: false,
  requiredHeaders: [],
  ipAllowlist: [],
  trustedProxies: [],
  requireApprovalForHeaderChanges: true,
  maxStalenessSeconds: null,
  showBudgetAmounts: false,
  rolesGovernInference: false,
  acceptedCredentials: [...credentialKinds],
}

/** The settings alone, in one order. */
export function settingsOf(settings: ClientSettings): ClientSettings {
  return {
    allowedOrigins: settings.allowedOrigins,
    allowedHeaders: settings.allowedHeaders,
    forwardAllowlist: settings.forwardAllowlist,
    forwardDenylist: settings.forwardDenylist,
    forwardDirect: settings.forwardDirect,
    requiredHeaders: settings.requiredHeaders.map(({ name, pattern }) => ({ name, pattern })),
    ipAllowlist: settings.ipAllowlist,
    trustedProxies: settings.trustedProxies,
    requireApprovalForHeaderChanges: settings.requireApprovalForHeaderChanges,
    maxStalenessSeconds: settings.maxStalenessSeconds,
    showBudgetAmounts: settings.showBudgetAmounts,
    rolesGovernInference: settings.rolesGovernInference,
    acceptedCredentials: settings.acceptedCredentials,
  }
}

/** The settings by the names that callers and files know. */
export function namedSettings(settings: ClientSettings): Record<string, Json> {
  const { forwardAllowlist, forwardDenylist, forwardDirect, ...rest } = settingsOf(settings)
  return {
    ...rest,
    'headerFilter.allowlist': forwardAllowlist,
    'headerFilter.denylist': forwardDenylist,
    'headerFilter.forwardDirect': forwardDirect,
  }
}
