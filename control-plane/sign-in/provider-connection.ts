import {
  allowInsecureRequests,
  Configuration,
  type CustomFetch,
  clockSkew,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  type ServerMetadata,
} from 'openid-client'
import { clientAuthentication } from './client-authentication.ts'
import { entraTenant } from './entra-tenant.ts'
import { KeyCache, KeysUnusable, keySetBytes } from './jwks.ts'
import { type OutboundFetch, outboundFetch } from './outbound.ts'
import type { ProviderSettings } from './provider-settings.ts'
import { SignInRefused } from './refused.ts'

const maxMetadataAgeMs = 10 * 60_000

/** What a provider says of itself, its keys, and the way to ask it. */
export class ProviderConnection {
  readonly settings: ProviderSettings
  readonly now: () => number
  readonly keys: KeyCache
  readonly #ask: OutboundFetch
  #metadata: { readonly document: Promise<ServerMetadata>; readonly fetchedAt: number } | undefined

  /** @throws NetworkRefused for a trusted network that is none. */
  constructor(settings: ProviderSettings, options: { readonly now: () => number }) {
    this.settings = settings
    this.now = options.now
    this.#ask = outboundFetch(settings)
    this.keys = new KeyCache({ load: () => this.#loadKeys(), now: options.now })
  }

  /** The discovery document, at most ten minutes old. @throws SignInRefused, or what the library throws */
  metadata(): Promise<ServerMetadata> {
    const kept = this.#metadata
    if (kept && this.now() - kept.fetchedAt < maxMetadataAgeMs) return kept.document
    const document = this.#discover()
    const entry = { document, fetchedAt: this.now() }
    this.#metadata = entry
    // A failure is not kept: the next one asks again.
    document.catch(() => {
      if (this.#metadata === entry) this.#metadata = undefined
    })
    return document
  }

  /**
   * The library's view of the provider; a new one each time, for it keeps keys that we may have flushed.
   *
   * @param verifiesTokens Without, signatures are left to {@link verifyIdToken}: whatever the library refuses is lost
   */
  async configuration({ verifiesTokens = true } = {}): Promise<Configuration> {
    const metadata = await this.metadata()
    const { clientId, clientSecret } = this.settings
    const configuration = new Configuration(
      metadata,
      clientId,
      { [clockSkew]: Math.round((this.now() - Date.now()) / 1000) },
      clientAuthentication(metadata, clientSecret),
    )
    configuration[customFetch] = this.#fetchFor(metadata)
    if (this.#isPlain()) allowInsecureRequests(configuration)
    if (verifiesTokens) enableNonRepudiationChecks(configuration)
    return configuration
  }

  async #discover(): Promise<ServerMetadata> {
    const { issuer, clientId, kind } = this.settings
    if (kind === 'entra' && entraTenant(issuer) === undefined) {
      throw misconfigured(
        'The issuer must name one tenant by its id: common, organizations and consumers let anybody in',
      )
    }
    if (!URL.canParse(issuer)) throw misconfigured('The issuer is no URL')
    const configuration = await discovery(new URL(issuer), clientId, undefined, undefined, {
      [customFetch]: (url, options) => this.#send(url, options, keySetBytes),
      ...(this.#isPlain() ? { execute: [allowInsecureRequests] } : {}),
    })
    const metadata = configuration.serverMetadata()
    // The library compares URLs, where a slash at the end is nothing. In a token it is another issuer.
    if (metadata.issuer !== issuer) {
      throw misconfigured(
        'The identity provider calls itself by another issuer: compare character for character',
      )
    }
    for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
      if (!this.#isEndpoint(metadata[endpoint])) {
        throw misconfigured(`The identity provider’s discovery document has no usable ${endpoint}`)
      }
    }
    return metadata
  }

  /** Whether a browser may be sent there, or a secret: `javascript:` and plain http are not for either. */
  #isEndpoint(url: string | undefined): boolean {
    if (url === undefined || !URL.canParse(url)) return false
    const { protocol } = new URL(url)
    return protocol === 'https:' || (protocol === 'http:' && this.#isPlain())
  }

  /** Where a browser ends its session at the provider; null when the provider has no such place. */
  async endSessionEndpoint(): Promise<string | null> {
    const { end_session_endpoint: url } = await this.metadata()
    return url !== undefined && this.#isEndpoint(url) ? url : null
  }

  async #loadKeys(): Promise<unknown> {
    const { jwks_uri = '' } = await this.metadata()
    const headers = { accept: 'application/json, application/jwk-set+json' }
    const answer = await this.#ask(jwks_uri, { headers, mostBytes: keySetBytes })
    if (!answer.ok)
      throw new KeysUnusable(`The provider answered with ${answer.status} to the request for its keys`)
    return answer.json().catch(() => {
      throw new KeysUnusable('The provider’s key set is not JSON')
    })
  }

  /** The library asks for the keys too: it gets those that we have vetted. */
  #fetchFor({ jwks_uri = '' }: ServerMetadata): CustomFetch {
    const keysUrl = new URL(jwks_uri).href
    return async (url, options) =>
      url === keysUrl ? Response.json(await this.keys.document()) : this.#send(url, options)
  }

  #send(url: string, { method, headers, body, signal }: Parameters<CustomFetch>[1], mostBytes?: number) {
    return this.#ask(url, {
      method,
      headers,
      body: body === undefined || body === null ? null : String(body),
      signal,
      ...(mostBytes === undefined ? {} : { mostBytes }),
    })
  }

  /** The way to the provider is plain http where its issuer says so; only a trusted network lets that through. */
  #isPlain(): boolean {
    return /^http:/i.test(this.settings.issuer)
  }
}

function misconfigured(message: string): SignInRefused {
  return new SignInRefused('provider_misconfigured', message)
}
