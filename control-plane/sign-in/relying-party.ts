import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientError,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  refreshTokenGrant,
} from 'openid-client'
import { checkCallback } from './callback.ts'
import { type IdTokenExpectations, type VerifiedIdToken, verifyIdToken } from './id-token.ts'
import { type LogoutNotice, verifyLogoutToken } from './logout-token.ts'
import { checkProvider, type ProviderCheck } from './provider-checks.ts'
import { ProviderConnection } from './provider-connection.ts'
import { isRefusedGrant, refusalOf } from './provider-failure.ts'
import { type ProviderKind, providerKinds } from './provider-kinds.ts'
import type { ProviderSettings } from './provider-settings.ts'
import { SignInRefused } from './refused.ts'

export type { ProviderCheck } from './provider-checks.ts'

/** Where a browser is sent, and what its answer is held against. The verifier is a secret. */
export interface Challenge {
  readonly url: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface ChallengeOptions {
  /** The authentication classes of which one is wanted. */
  readonly acrValues?: readonly string[] | undefined
  readonly maxAgeSeconds?: number | undefined
  /** Has the person show who they are, whatever session they have at the provider. */
  readonly isFresh?: boolean | undefined
}

/** What a challenge's answer is held against. */
export interface ExpectedAnswer {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly maxAgeSeconds?: number | undefined
}

export interface SignedIn {
  readonly issuer: string
  /** What names the person at this provider: `oid` of Entra, else `sub`. */
  readonly subject: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly idToken: string
  readonly accessToken: string
  /** Null when the provider gave none. */
  readonly refreshToken: string | null
  readonly providerSessionId: string | null
}

/** What a refresh brought. The tokens are good even where the person is not: the one that was asked with is used up. */
export interface Refreshed {
  /** Null when the provider sent none: the former one stays. */
  readonly idToken: string | null
  /** Null when the provider sent none: the former one stays. */
  readonly refreshToken: string | null
  /** Who it is now; null where nothing new is said of them; or why what came is not believed. */
  readonly person: RefreshedPerson | SignInRefused | null
}

export interface RefreshedPerson extends Pick<SignedIn, 'subject' | 'claims'> {
  /** Whether a claim that is missing is one that the person no longer has. */
  readonly isComplete: boolean
}

interface TokenAnswer {
  readonly access_token: string
  readonly id_token?: string | undefined
  readonly refresh_token?: string | undefined
}

/** One identity provider, as its client: OpenID Connect's code flow with PKCE, state, nonce and RFC 9207. */
export class RelyingParty {
  readonly #connection: ProviderConnection

  /** @throws NetworkRefused for a trusted network that is none. */
  constructor(settings: ProviderSettings, options: { readonly now: () => number }) {
    this.#connection = new ProviderConnection(settings, options)
  }

  /** @throws SignInRefused */
  async begin(redirectUri: string, options: ChallengeOptions = {}): Promise<Challenge> {
    const { kind, scopes, hostedDomain } = this.#connection.settings
    const codeVerifier = randomPKCECodeVerifier()
    const [state, nonce] = [randomState(), randomNonce()]
    const parameters = {
      ...providerKinds[kind].authorizationParameters,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: (scopes.includes('openid') ? scopes : ['openid', ...scopes]).join(' '),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(providerKinds[kind].requiresHostedDomain && hostedDomain ? { hd: hostedDomain } : {}),
      ...classParameters(kind, options.acrValues ?? []),
      ...(options.maxAgeSeconds === undefined ? {} : { max_age: String(options.maxAgeSeconds) }),
      ...(options.isFresh ? { prompt: providerKinds[kind].freshPrompt } : {}),
    }
    return this.#ask(async () => {
      const url = buildAuthorizationUrl(await this.#connection.configuration(), parameters)
      return { url: url.href, state, nonce, codeVerifier }
    })
  }

  /**
   * Turns the answer to a challenge into a person. The caller has made sure that the challenge was this browser's and
   * is used up.
   *
   * @throws SignInRefused
   */
  finish(callbackUrl: URL, expected: ExpectedAnswer): Promise<SignedIn> {
    return this.#ask(async () => {
      const configuration = await this.#connection.configuration()
      checkCallback(callbackUrl.searchParams, configuration.serverMetadata(), expected.state)
      // Behind a proxy we may be called by another name than the one that the provider sent the browser to.
      const url = new URL(expected.redirectUri)
      url.search = callbackUrl.search
      const answer = await authorizationCodeGrant(configuration, url, {
        pkceCodeVerifier: expected.codeVerifier,
        expectedState: expected.state,
        expectedNonce: expected.nonce,
        idTokenExpected: true,
        ...(expected.maxAgeSeconds === undefined ? {} : { maxAge: expected.maxAgeSeconds }),
      })
      const code = callbackUrl.searchParams.get('code')
      const verified = await this.#verify(answer, { ...expected, code })
      return this.#signedIn(answer, verified)
    })
  }

  /**
   * Finds out whether the provider can be reached at all, by its discovery document, which is at most ten minutes old.
   *
   * @throws SignInRefused
   */
  async reach(): Promise<void> {
    await this.#ask(() => this.#connection.metadata())
  }

  /**
   * Asks anew who somebody is. `refused` is the provider's word for that the token is no longer good.
   *
   * @throws SignInRefused when the provider cannot be asked: the token is as good as before, as far as is known.
   */
  refresh(
    refreshToken: string,
    expected: { readonly issuer: string; readonly subject: string },
  ): Promise<Refreshed | { readonly refused: string }> {
    return this.#ask(async () => {
      if (expected.issuer !== this.#connection.settings.issuer) {
        throw new SignInRefused('provider_misconfigured', 'The session is of another issuer')
      }
      // The next refresh token is kept whatever comes of the ID token beside it.
      const configuration = await this.#connection.configuration({ verifiesTokens: false })
      // First, for the grant uses the token up: without keys, what it brings would be lost.
      await this.#connection.keys.read()
      let answer: TokenAnswer
      try {
        answer = await refreshTokenGrant(configuration, refreshToken)
      } catch (error) {
        if (isRefusedGrant(error)) return { refused: 'invalid_grant' }
        throw error
      }
      return {
        idToken: answer.id_token ?? null,
        refreshToken: answer.refresh_token ?? null,
        person: await this.#personOf(answer, expected.subject),
      }
    })
  }

  /** Where a browser ends its session at the provider; null when the provider has no such place. @throws SignInRefused */
  endSessionUrl(idToken: string, returnUri: string): Promise<string | null> {
    return this.#ask(async () => {
      if ((await this.#connection.endSessionEndpoint()) === null) return null
      return buildEndSessionUrl(await this.#connection.configuration(), {
        id_token_hint: idToken,
        post_logout_redirect_uri: returnUri,
      }).href
    })
  }

  /** Believes a logout token; whether it came before is the caller's to know. @throws SignInRefused */
  readLogoutToken(token: string): Promise<LogoutNotice> {
    const { settings, keys, now } = this.#connection
    return this.#ask(() => verifyLogoutToken(token, settings, keys, now()))
  }

  /** Whether the settings work, asked of the provider now. */
  verify(redirectUri: string): Promise<readonly ProviderCheck[]> {
    const { settings, now } = this.#connection
    return checkProvider(new ProviderConnection(settings, { now }), redirectUri)
  }

  /** No key that was fetched before is believed any more. */
  flushKeys(): void {
    this.#connection.keys.flush()
  }

  #verify(
    answer: TokenAnswer,
    expected: Pick<IdTokenExpectations, 'nonce' | 'code' | 'maxAgeSeconds'>,
  ): Promise<VerifiedIdToken> {
    const { settings, keys, now } = this.#connection
    const expectations: IdTokenExpectations = {
      ...settings,
      nonce: expected.nonce,
      code: expected.code,
      maxAgeSeconds: expected.maxAgeSeconds,
      accessToken: answer.access_token,
    }
    return verifyIdToken(answer.id_token ?? '', expectations, keys, now())
  }

  /** OpenID Connect Core §12.2: a refresh need not bring an ID token; one that it brings is about the same person. */
  async #personOf(answer: TokenAnswer, subject: string): Promise<Refreshed['person']> {
    if (answer.id_token === undefined) return this.#userinfo(answer.access_token, subject)
    try {
      const verified = await this.#verify(answer, { nonce: null, code: null })
      if (verified.subject === subject) return { ...verified, isComplete: true }
      return new SignInRefused('id_token_invalid', 'The provider’s ID token is about somebody else')
    } catch (error) {
      return refusalOf(error)
    }
  }

  /** May hold less than an ID token, and is not asked where that is so for certain: of one who is named by another claim. */
  async #userinfo(accessToken: string, subject: string): Promise<Refreshed['person']> {
    const configuration = await this.#connection.configuration()
    const isNamedAlike = providerKinds[this.#connection.settings.kind].subjectClaim === 'sub'
    if (!isNamedAlike || configuration.serverMetadata().userinfo_endpoint === undefined) return null
    try {
      const claims = await fetchUserInfo(configuration, accessToken, subject)
      return { subject, claims, isComplete: false }
    } catch (error) {
      // The refresh itself has confirmed the session.
      if (!(error instanceof ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'))
        return null
      return new SignInRefused('id_token_invalid', 'The provider’s userinfo is about somebody else')
    }
  }

  #signedIn(answer: TokenAnswer, { subject, claims, providerSessionId }: VerifiedIdToken): SignedIn {
    return {
      issuer: this.#connection.settings.issuer,
      subject,
      claims,
      idToken: answer.id_token ?? '',
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? null,
      providerSessionId,
    }
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw refusalOf(error)
    }
  }
}

/** OpenID Connect Core §3.1.2.1 and §5.5.1.1: by a claim that is essential, a provider that cannot give it has to say so. */
function classParameters(kind: ProviderKind, acrValues: readonly string[]): Readonly<Record<string, string>> {
  const [only, ...others] = acrValues
  if (only === undefined) return {}
  if (providerKinds[kind].asksForClass === 'acr_values') return { acr_values: acrValues.join(' ') }
  const wanted = others.length === 0 ? { value: only } : { values: acrValues }
  return { claims: JSON.stringify({ id_token: { acrs: { essential: true, ...wanted } } }) }
}
