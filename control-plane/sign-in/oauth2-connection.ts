import type { Claims } from './claims.ts'
import { type OutboundFetch, outboundFetch } from './outbound.ts'
import type { OAuth2Settings } from './provider-kinds.ts'
import type { ProviderSettings } from './provider-settings.ts'
import { SignInRefused } from './refused.ts'

export interface OAuth2Tokens {
  readonly accessToken: string
  /** Null when the provider gave none. */
  readonly refreshToken: string | null
}

const longestToken = 8_192
/** What providers call a code or a refresh token that is not, or no longer, good; the second is GitHub's. */
const tokenRefusals = ['invalid_grant', 'bad_verification_code', 'bad_refresh_token']

/** The way to a provider that has no discovery document: what is known of it is what is configured. */
export class OAuth2Connection {
  readonly settings: ProviderSettings
  readonly endpoints: OAuth2Settings
  readonly #ask: OutboundFetch

  /** @throws NetworkRefused for a trusted network that is none. */
  constructor(settings: ProviderSettings, _options: { readonly now: () => number }) {
    if (settings.endpoints === null) throw new TypeError('a provider of OAuth 2.0 has endpoints')
    this.settings = settings
    this.endpoints = settings.endpoints
    this.#ask = outboundFetch(settings)
  }

  /**
   * RFC 6749 §4.1.3 and §6, and GitHub's way of saying no with a 200.
   *
   * @throws SignInRefused, OutboundRefused, or whatever the network fails with
   */
  async exchange(parameters: Readonly<Record<string, string>>): Promise<OAuth2Tokens> {
    const { clientId, clientSecret } = this.settings
    const form = new URLSearchParams({ ...parameters, client_id: clientId, client_secret: clientSecret })
    const response = await this.#ask(this.endpoints.tokenUrl, {
      method: 'POST',
      headers: { ...usualHeaders, 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
    const answer = await objectIn(response)
    if (typeof answer?.error === 'string') throw errorOf(answer.error)
    if (!response.ok || !answer) throw unusable('token request', response)
    const { access_token: accessToken, refresh_token: refreshToken = null, token_type: type } = answer
    const isBearer = typeof type === 'string' && /^bearer$/i.test(type)
    if (!isBearer || !isToken(accessToken) || !(refreshToken === null || isToken(refreshToken))) {
      throw unusable('token request', response)
    }
    return { accessToken, refreshToken }
  }

  /** @returns `refused` when the provider does not take the token @throws SignInRefused, … as {@link exchange} */
  async userinfo(accessToken: string): Promise<Claims | 'refused'> {
    const response = await this.#ask(this.endpoints.userinfoUrl, {
      headers: { ...usualHeaders, authorization: `Bearer ${accessToken}` },
    })
    if (response.status === 401) return 'refused'
    const claims = await objectIn(response)
    if (!response.ok || !claims) throw unusable('request for userinfo', response)
    return claims
  }
}

/** Whether the provider says that a code or a token is no longer good. */
export function isTokenRefusal(error: unknown): boolean {
  return error instanceof SignInRefused && tokenRefusals.includes(error.providerError ?? '')
}

/** Without a User-Agent GitHub answers nobody. */
const usualHeaders = { accept: 'application/json', 'user-agent': 'Gatehouse' }

/** What can be a Bearer token: RFC 6750 §2.1. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestToken && /^[\w.~+/-]+=*$/.test(value)
}

async function objectIn(response: Response): Promise<Readonly<Record<string, unknown>> | undefined> {
  const value: unknown = await response.json().catch(() => undefined)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

/** It comes from outside and is shown: nothing that is markup, nothing long. */
function errorOf(text: string): SignInRefused {
  const providerError = /^[\w.-]{1,64}$/.test(text) ? text : 'unknown_error'
  return new SignInRefused('provider_error', `The identity provider answered: ${providerError}`, {
    providerError,
  })
}

function unusable(what: string, { status }: Response): SignInRefused {
  const isAway = status >= 500 || status === 429
  const message = `The identity provider’s answer to the ${what} cannot be used: status ${status}`
  return new SignInRefused(isAway ? 'provider_unavailable' : 'provider_error', message)
}
