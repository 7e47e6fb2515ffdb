import type { OAuth2Settings, ProviderKind } from './provider-kinds.ts'

/** An identity provider, as an organization has set it up. */
export interface ProviderSettings {
  readonly id: string
  readonly kind: ProviderKind
  /** Exactly as the provider's tokens write it: a slash at the end counts. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** Of Google Workspace: the domain that the ID token's `hd` must name. */
  readonly hostedDomain: string | null
  /** Of a provider without ID tokens; null: its discovery document says. */
  readonly endpoints: OAuth2Settings | null
  /** Networks, in CIDR notation, in which the provider may be although the Internet does not lead there. */
  readonly trustedNetworks: readonly string[]
}
