import type { EntityManager } from '@mikro-orm/postgresql'
import {
  type Attempt,
  callbackUrl,
  type IdentityProvider,
  IdentityProviderEntity,
  loginUrl,
  RelyingParties,
} from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { Session, SessionSecrets } from '../sessions/session.ts'
import type { SignInClient } from '../sign-in/oauth2-client.ts'
import { SignInRefused } from '../sign-in/refused.ts'

/** What every route about one provider is called with. */
export interface ByName {
  readonly Params: { readonly name: string }
  readonly Querystring: { readonly organization?: string; readonly returnTo?: string }
}

/** What the route is called with that a provider sends people back to. */
export interface AnsweredBy {
  readonly Params: { readonly name: string; readonly organization: string }
}

/** What somebody who is not signed in may know of a provider. */
export interface OfferedProvider {
  readonly name: string
  readonly kind: string
  readonly loginUrl: string
}

/** The identity providers of all organizations, as whoever is about to sign in meets them. */
export class SignInProviders {
  readonly #services: ServiceContext
  readonly #relyingParties: RelyingParties

  constructor(services: ServiceContext) {
    this.#services = services
    this.#relyingParties = new RelyingParties(services)
  }

  async list(organization: string | undefined): Promise<OfferedProvider[]> {
    const { database, publicUrl } = this.#services
    const organizationId = await this.organizationId(organization)
    const providers = await database.transaction(organizationId, (em) =>
      em.find(IdentityProviderEntity, { enabled: true }, { orderBy: { name: 'asc' } }),
    )
    const query = organization === undefined ? '' : `?organization=${encodeURIComponent(organizationId)}`
    return providers.map(({ name, kind }) => ({
      name,
      kind,
      loginUrl: loginUrl(publicUrl, { name }) + query,
    }))
  }

  /** @throws SignInRefused `provider_unknown` */
  async enabled(name: string, organization: string | undefined): Promise<IdentityProvider> {
    const organizationId = await this.organizationId(organization)
    return this.#find(organizationId, (em) => em.findOne(IdentityProviderEntity, { name, enabled: true }))
  }

  /** @throws SignInRefused `provider_unknown` */
  ofId(organizationId: string, id: string): Promise<IdentityProvider> {
    return this.#find(organizationId, (em) => em.findOne(IdentityProviderEntity, { id, enabled: true }))
  }

  /** @throws SignInRefused `provider_unknown` when another provider answers, or it was disabled meanwhile */
  ofAttempt(
    { organizationId, providerId: id, testSignInId }: Attempt,
    { name, organization }: AnsweredBy['Params'],
  ): Promise<IdentityProvider> {
    // One that is tried out is perhaps not enabled yet.
    const which = { id, name, ...(testSignInId === undefined && { enabled: true }) }
    return this.#find(organizationId, async (em) =>
      organization === organizationId ? em.findOne(IdentityProviderEntity, which) : null,
    )
  }

  callbackUrl(provider: IdentityProvider): string {
    return callbackUrl(this.#services.publicUrl, provider)
  }

  relyingParty(provider: IdentityProvider): SignInClient {
    return this.#relyingParties.of(provider)
  }

  /** Where the browser ends the session at the provider too; null where it does not offer that, or cannot be asked. */
  async endSessionUrl(
    { organizationId, providerId: id }: Session,
    secrets: SessionSecrets | null,
  ): Promise<string | null> {
    const { database, publicUrl } = this.#services
    const provider = await database.transaction(organizationId, (em) =>
      em.findOne(IdentityProviderEntity, { id }),
    )
    if (!provider || !secrets) return null
    try {
      return await this.relyingParty(provider).endSessionUrl(secrets.idToken, `${publicUrl}/`)
    } catch (error) {
      if (error instanceof SignInRefused) return null
      throw error
    }
  }

  async #find(
    organizationId: string,
    find: (em: EntityManager) => Promise<IdentityProvider | null>,
  ): Promise<IdentityProvider> {
    const provider = await this.#services.database.transaction(organizationId, find)
    if (provider) return provider
    throw new SignInRefused(
      'provider_unknown',
      'Nobody can sign in here: no enabled identity provider has this name',
    )
  }

  /** The one that is named, or the only one. @throws SignInRefused `organization_unknown` */
  async organizationId(named: string | undefined): Promise<string> {
    const all = await this.#services.database.organizationIds()
    const [only] = all
    if (named === undefined && only !== undefined && all.length === 1) return only
    if (typeof named === 'string' && all.includes(named)) return named
    throw new SignInRefused('organization_unknown', 'Name your organization by its id: ?organization=org_…')
  }
}
