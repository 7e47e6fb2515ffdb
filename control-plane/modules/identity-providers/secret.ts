import type { DirectorySettings } from '../../directory/open.ts'
import type { SealedPlace } from '../../secrets/envelope.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import { type MfaEvidence, providerKinds } from '../../sign-in/provider-kinds.ts'
import type { ProviderSettings } from '../../sign-in/provider-settings.ts'
import type { IdentityProvider } from './entity.ts'

/** Where the secret with which we ask an identity provider is sealed for. */
export function clientSecretPlace({
  organizationId,
  id,
}: Pick<IdentityProvider, 'organizationId' | 'id'>): SealedPlace {
  return { organizationId, entity: 'identity_providers', field: 'sealed_client_secret', id }
}

/** What counts as MFA at a provider. */
export function mfaEvidenceOf({ kind, mfaEvidence }: IdentityProvider): MfaEvidence {
  return mfaEvidence ?? providerKinds[kind].mfa
}

/** What is needed to ask the provider, its secret in clear. @throws SealedValueRefused */
export function settingsOf(secrets: Secrets, provider: IdentityProvider): ProviderSettings {
  const { trustedNetworks } = provider
  const { id, kind, issuer, clientId, sealedClientSecret, scopes, hostedDomain, endpoints } = provider
  const clientSecret = secrets.openValue(clientSecretPlace(provider), sealedClientSecret)
  return { id, kind, issuer, clientId, clientSecret, scopes, hostedDomain, endpoints, trustedNetworks }
}

/** Where the secret with which we ask its directory is sealed for. */
export function directorySecretPlace({
  organizationId,
  id,
}: Pick<IdentityProvider, 'organizationId' | 'id'>): SealedPlace {
  return { organizationId, entity: 'identity_providers', field: 'sealed_directory_secret', id }
}

/** What is needed to ask its directory; null: none is set up. @throws SealedValueRefused */
export function directorySettingsOf(secrets: Secrets, provider: IdentityProvider): DirectorySettings | null {
  const { directory, sealedDirectorySecret: sealed } = provider
  const { roleRules, teamRules, businessUnitRules } = provider
  if (!directory) return null
  return {
    provider: settingsOf(secrets, provider),
    account: directory,
    secret: sealed === null ? null : secrets.openValue(directorySecretPlace(provider), sealed),
    rules: [...roleRules, ...teamRules, ...businessUnitRules],
  }
}
