import type { ServiceContext } from '../../service-context.ts'
import { RelyingParty } from '../../sign-in/relying-party.ts'
import type { IdentityProvider } from './entity.ts'
import { settingsOf } from './secret.ts'

interface Kept {
  readonly version: number
  readonly relyingParty: RelyingParty
}

/** Asks identity providers by their present settings, and keeps the documents and keys that each has fetched. */
export class RelyingParties {
  readonly #services: Pick<ServiceContext, 'secrets' | 'now'>
  /** By the provider's id. */
  readonly #kept = new Map<string, Kept>()

  constructor(services: Pick<ServiceContext, 'secrets' | 'now'>) {
    this.#services = services
  }

  of(provider: IdentityProvider): RelyingParty {
    const { id, version } = provider
    const known = this.#kept.get(id)
    if (known?.version === version) return known.relyingParty
    const { secrets, now } = this.#services
    const relyingParty = new RelyingParty(settingsOf(secrets, provider), { now })
    this.#kept.set(id, { version, relyingParty })
    return relyingParty
  }
}
