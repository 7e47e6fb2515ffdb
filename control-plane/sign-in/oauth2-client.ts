import { createHash } from 'node:crypto'
import { calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import { checkCallback } from './callback.ts'
import type { Claims } from './claims.ts'
import { checkOAuth2Provider } from './oauth2-checks.ts'
import { isTokenRefusal, OAuth2Connection, type OAuth2Tokens } from './oauth2-connection.ts'
import type { ProviderCheck } from './provider-checks.ts'
import { refusalOf } from './provider-failure.ts'
import { type OAuth2Settings, providerKinds } from './provider-kinds.ts'
import type { ProviderSettings } from './provider-settings.ts'
import { SignInRefused } from './refused.ts'
import type { Challenge, ExpectedAnswer, Refreshed, RelyingParty, SignedIn } from './relying-party.ts'

/** What signing in asks of an identity provider, whether it has ID tokens or not. */
export type SignInClient = Pick<
  RelyingParty,
  'begin' | 'finish' | 'reach' | 'refresh' | 'endSessionUrl' | 'readLogoutToken' | 'verify'
>

/**
 * One identity provider that has no ID tokens, as its client: OAuth 2.0's code flow with PKCE and state. Who somebody is says its
 * userinfo, over a connection to the place that is configured. It ends no session here, nor we one there.
 */
export class OAuth2Client implements SignInClient {
  readonly #connection: OAuth2Connection

  /** @throws NetworkRefused for a trusted network that is none. */
  constructor(settings: ProviderSettings, options: { readonly now: () => number }) {
    this.#connection = new OAuth2Connection(settings, options)
  }

  /** @throws SignInRefused */
  async begin(redirectUri: string): Promise<Challenge> {
    const { kind, clientId, scopes } = this.#connection.settings
    const codeVerifier = randomPKCECodeVerifier()
    const state = randomState()
    const url = new URL(this.#endpoints().authorizeUrl)
    const parameters = {
      ...providerKinds[kind].authorizationParameters,
      ...{ client_id: clientId, redirect_uri: redirectUri, response_type: 'code', state },
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    // There is no token for a nonce to come back in.
    return { url: url.href, state, nonce: randomNonce(), codeVerifier }
  }

  /** @throws SignInRefused */
  finish(callbackUrl: URL, expected: ExpectedAnswer): Promise<SignedIn> {
    return this.#ask(async () => {
      const { issuer } = this.#connection.settings
      const parameters = callbackUrl.searchParams
      checkCallback(parameters, { issuer }, expected.state)
      refuseError(parameters)
      const tokens = await this.#connection.exchange({
        ...{ grant_type: 'authorization_code', code: parameters.get('code') ?? '' },
        ...{ redirect_uri: expected.redirectUri, code_verifier: expected.codeVerifier },
      })
      const claims = await this.#connection.userinfo(tokens.accessToken)
      if (claims === 'refused') {
        throw new SignInRefused(
          'provider_error',
          'The identity provider refuses the token that it has just given',
        )
      }
      return {
        ...{ issuer, subject: this.#subjectOf(claims), claims, idToken: '' },
        ...{ accessToken: tokens.accessToken, refreshToken: this.#keptOf(tokens), providerSessionId: null },
      }
    })
  }

  /** Finds out whether the provider answers at all. @throws SignInRefused */
  async reach(): Promise<void> {
    await this.#ask(() => this.#connection.userinfo('none'))
  }

  /**
   * Asks anew who somebody is, with a new access token where there is a way to one. `refused` is the provider's word that the
   * token is no longer good, or `provider_changed`: whoever is asked now must never see what another place gave.
   *
   * @throws SignInRefused when the provider cannot be asked
   */
  refresh(
    kept: string,
    expected: { readonly issuer: string; readonly subject: string },
  ): Promise<Refreshed | { readonly refused: string }> {
    return this.#ask(async () => {
      const [kind = '', token = '', receivers] = kept.split(' ')
      if (receivers !== this.#receivers()) return { refused: 'provider_changed' }
      const tokens = await this.#renew(kind, token)
      if (tokens === 'refused') return { refused: 'invalid_grant' }
      const claims = await this.#connection.userinfo(tokens.accessToken)
      if (claims === 'refused') return { refused: 'invalid_token' }
      return {
        idToken: null,
        refreshToken: this.#keptOf(tokens, kept),
        person: this.#personOf(claims, expected.subject),
      }
    })
  }

  async endSessionUrl(): Promise<null> {
    return null
  }

  async readLogoutToken(): Promise<never> {
    throw new SignInRefused('logout_token_invalid', 'This identity provider has no logout tokens')
  }

  /** Whether the settings work, asked of the provider now. */
  verify(redirectUri: string): Promise<readonly ProviderCheck[]> {
    return checkOAuth2Provider(this.#connection, redirectUri)
  }

  async #renew(kind: string, token: string): Promise<OAuth2Tokens | 'refused'> {
    if (kind === 'access') return { accessToken: token, refreshToken: null }
    try {
      return await this.#connection.exchange({ grant_type: 'refresh_token', refresh_token: token })
    } catch (error) {
      if (isTokenRefusal(error)) return 'refused'
      throw error
    }
  }

  #personOf(claims: Claims, subject: string): Refreshed['person'] {
    try {
      if (this.#subjectOf(claims) === subject) return { subject, claims, isComplete: true }
      return new SignInRefused('id_token_invalid', 'The provider’s userinfo is about somebody else')
    } catch (error) {
      return refusalOf(error)
    }
  }

  /** GitHub, for one, counts its people. @throws SignInRefused */
  #subjectOf(claims: Claims): string {
    const { subjectClaim } = this.#endpoints()
    const value = Object.hasOwn(claims, subjectClaim) ? claims[subjectClaim] : undefined
    const subject = Number.isSafeInteger(value) ? String(value) : value
    if (typeof subject === 'string' && subject.length <= 255 && /^[^\p{Cc}\p{Cs}]+$/u.test(subject))
      return subject
    throw new SignInRefused('id_token_invalid', `The provider’s userinfo has no usable "${subjectClaim}"`)
  }

  #endpoints(): OAuth2Settings {
    return this.#connection.endpoints
  }

  /** Stands for those that tokens are sent to. */
  #receivers(): string {
    const { tokenUrl, userinfoUrl } = this.#endpoints()
    return createHash('sha256')
      .update(JSON.stringify([tokenUrl, userinfoUrl]))
      .digest('hex')
  }

  /**
   * What to ask with later, and whom: the refresh token, or, of a provider that gives none, the access token. Nobody else
   * reads it.
   */
  #keptOf({ accessToken, refreshToken }: OAuth2Tokens, before?: string): string {
    if (refreshToken !== null) return `refresh ${refreshToken} ${this.#receivers()}`
    return before ?? `access ${accessToken} ${this.#receivers()}`
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw refusalOf(error)
    }
  }
}

/** RFC 6749 §4.1.2.1. @throws SignInRefused */
function refuseError(parameters: URLSearchParams): void {
  const error = parameters.get('error')
  if (error === null) return
  const providerError = /^[\w.-]{1,64}$/.test(error) ? error : 'unknown_error'
  throw new SignInRefused('provider_error', `The identity provider answered: ${providerError}`, {
    providerError,
  })
}
