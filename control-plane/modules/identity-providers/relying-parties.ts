import type { ServiceContext } from '../../service-context.ts'
import { OAuth2Client, type SignInClient } from '../../sign-in/oauth2-client.ts'
import { providerKinds } from '../../sign-in/provider-kinds.ts'
import type { ProviderSettings } from '../../sign-in/provider-settings.ts'
import { RelyingParty } from '../../sign-in/relying-party.ts'
import type { IdentityProvider } from './entity.ts'
import { settingsOf } from './secret.ts'

interface Kept {
  readonly version: number
  readonly relyingParty: SignInClient
}

/** What asks a provider, as its kind is asked. @throws NetworkRefused */
export function signInClientOf(
  settings: ProviderSettings,
  options: { readonly now: () => number },
): SignInClient {
  return providerKinds[settings.kind].hasIdTokens
    ? new RelyingParty(settings, options)
    : new OAuth2Client(settings, options)
}

/** Asks identity providers by their present settings, and keeps the documents and keys that each has fetched. */
export class RelyingParties {
  readonly #services: Pick<ServiceContext, 'secrets' | 'now'>
  /** By the provider's id. */
  readonly #kept = new Map<string, Kept>()

  constructor(services: Pick<ServiceContext, 'secrets' | 'now'>) {
    this.#services = services
  }

  of(provider: IdentityProvider): SignInClient {
    const { id, version } = provider
    const known = this.#kept.get(id)
    if (known?.version === version) return known.relyingParty
    const { secrets, now } = this.#services
    const relyingParty = signInClientOf(settingsOf(secrets, provider), { now })
    this.#kept.set(id, { version, relyingParty })
    return relyingParty
  }
}
