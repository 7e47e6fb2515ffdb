import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { halfHash, type KeyPair } from './forged-tokens.ts'
import { clientId, redirectUri } from './identity-provider.ts'
import {
  answered,
  first,
  partyOf,
  passTime,
  provider,
  replaceIdToken,
  restartProvider,
  second,
  signIn,
  startProviderForEach,
} from './relying-party-setup.ts'

startProviderForEach()

describe('a sign-in', () => {
  it('brings who signed in, with the provider’s tokens', async () => {
    const signedIn = await signIn(partyOf())
    expect(signedIn).toMatchObject({
      issuer: provider.issuer,
      subject: 'user-1',
      claims: { sub: 'user-1', groups: ['devs'], aud: clientId },
      idToken: expect.stringMatching(/^ey/),
      accessToken: expect.stringMatching(/./),
      refreshToken: expect.stringMatching(/./),
      providerSessionId: expect.stringMatching(/./),
    })
  })

  it('asks with PKCE, state and nonce, which differ each time', async () => {
    const party = partyOf()
    const challenges = await Promise.all([party.begin(redirectUri), party.begin(redirectUri)])
    const queries = challenges.map(({ url }) => new URL(url).searchParams)
    for (const query of queries) {
      expect(Object.fromEntries(query)).toMatchObject({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'openid offline_access',
        code_challenge_method: 'S256',
      })
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(new Set(queries.map((query) => query.get(name))).size).toBe(2)
    }
    expect(challenges[0]?.url).not.toContain(challenges[0]?.codeVerifier)
  })

  it.each([undefined, ['plain'], []])(
    'asks with S256 whatever the provider says it can: %j',
    async (code_challenge_methods_supported) => {
      provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
        body: { ...JSON.parse(body), code_challenge_methods_supported },
      }))
      const { url, codeVerifier } = await partyOf().begin(redirectUri)
      const query = new URL(url).searchParams
      expect(query.get('code_challenge_method')).toBe('S256')
      expect(query.get('code_challenge')).toBe(createHash('sha256').update(codeVerifier).digest('base64url'))
    },
  )

  it('asks for how, and how lately, somebody is to sign in', async () => {
    const { url } = await partyOf().begin(redirectUri, {
      acrValues: ['mfa'],
      maxAgeSeconds: 0,
      isFresh: true,
    })
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      acr_values: 'mfa',
      max_age: '0',
      prompt: 'login',
    })
  })

  it('of Google asks for the domain and for a refresh token', async () => {
    const google = partyOf({ kind: 'google_workspace', hostedDomain: 'example.com' })
    const { url } = await google.begin(redirectUri)
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      hd: 'example.com',
      access_type: 'offline',
      prompt: 'consent',
    })
  })

  it('of Google is refused when the token does not name the domain, whatever was asked for', async () => {
    const google = partyOf({ kind: 'google_workspace', hostedDomain: 'example.com' })
    await expect(signIn(google)).rejects.toMatchObject({ code: 'hosted_domain_mismatch' })
    replaceIdToken({ hd: 'example.com' })
    await expect(signIn(google)).resolves.toMatchObject({ subject: 'user-1' })
  })

  it('that was to be within a time is believed with the time at which it was', async () => {
    const party = partyOf()
    const { callback, expected } = await answered(party, { maxAgeSeconds: 60 })
    await expect(party.finish(callback, expected)).resolves.toMatchObject({
      claims: { auth_time: expect.any(Number) },
    })
  })

  it('asks for discovery and keys once, however many sign in', async () => {
    const party = partyOf()
    for (let people = 0; people < 3; people++) await signIn(party)
    const count = (path: string) => provider.asked.filter((asked) => asked === path).length
    expect(count('/.well-known/openid-configuration')).toBe(1)
    expect(count('/jwks')).toBe(1)
    passTime(600_000)
    await party.begin(redirectUri)
    expect(count('/.well-known/openid-configuration')).toBe(2)
  })

  it('works with a key that came after the keys were fetched, and not with one that is gone', async () => {
    const party = partyOf()
    await signIn(party)
    await provider.rotate(second, first)
    passTime(30_000)
    await expect(signIn(party)).resolves.toMatchObject({ subject: 'user-1' })
    await provider.rotate(second)
    party.flushKeys()
    replaceIdToken({})
    await expect(signIn(party)).rejects.toMatchObject({ code: 'id_token_key_unknown' })
  })

  it('works while the keys cannot be fetched', async () => {
    const party = partyOf()
    await signIn(party)
    provider.replaced.set('/jwks', () => ({ status: 500, body: {} }))
    passTime(60_000)
    await expect(signIn(party)).resolves.toMatchObject({ subject: 'user-1' })
  })
})

describe('a callback is refused', () => {
  it.each<[string, (callback: URL) => void, string]>([
    ['with another state', (url) => url.searchParams.set('state', 'x'), 'state_mismatch'],
    ['without a state', (url) => url.searchParams.delete('state'), 'state_mismatch'],
    ['with two codes', (url) => url.searchParams.append('code', 'x'), 'callback_invalid'],
    ['by another issuer', (url) => url.searchParams.set('iss', 'https://evil.example'), 'callback_invalid'],
    [
      'without the issuer that this provider names',
      (url) => url.searchParams.delete('iss'),
      'callback_invalid',
    ],
    ['with a code of nobody', (url) => url.searchParams.set('code', 'x'), 'provider_error'],
  ])('%s', async (_, change, code) => {
    const party = partyOf()
    const { callback, expected } = await answered(party)
    change(callback)
    await expect(party.finish(callback, expected)).rejects.toMatchObject({ code })
    if (code !== 'provider_error') expect(provider.asked).not.toContain('/token')
  })

  it('for a challenge whose verifier or nonce is another', async () => {
    const party = partyOf()
    const one = await answered(party)
    const other = await party.begin(redirectUri)
    const { codeVerifier, nonce } = other
    await expect(party.finish(one.callback, { ...one.expected, codeVerifier })).rejects.toMatchObject({
      code: 'provider_error',
      providerError: 'invalid_grant',
    })
    const two = await answered(party)
    await expect(party.finish(two.callback, { ...two.expected, nonce })).rejects.toMatchObject({
      code: 'id_token_invalid',
    })
  })

  it('a second time', async () => {
    const party = partyOf()
    const { callback, expected } = await answered(party)
    await party.finish(callback, expected)
    await expect(party.finish(callback, expected)).rejects.toMatchObject({ providerError: 'invalid_grant' })
  })

  it.each([
    ['access_denied', /answered: access_denied$/, 'access_denied'],
    ['<script>alert(1)</script>', /answered: unknown_error$/, 'unknown_error'],
  ])(
    'with the provider’s error %s, and nothing of its description is repeated',
    async (error, message, providerError) => {
      const party = partyOf()
      const { callback, expected } = await answered(party)
      callback.searchParams.delete('code')
      callback.searchParams.set('error', error)
      callback.searchParams.set('error_description', '<script>')
      await expect(party.finish(callback, expected)).rejects.toMatchObject({
        code: 'provider_error',
        message: expect.stringMatching(message),
        providerError,
      })
    },
  )
})

describe('an ID token from the token endpoint itself is refused', () => {
  it.each<[string, object, object?, KeyPair?]>([
    ['when another key signed it', {}, {}, second],
    ['with the hash of another access token', { at_hash: halfHash('other') }],
    ['with the hash of another code', { c_hash: halfHash('other') }],
    ['of a week ago', { iat: Math.floor(Date.now() / 1000) - 604_800 }],
    ['of type at+jwt', {}, { typ: 'at+jwt' }],
    ['of type logout+jwt', {}, { typ: 'logout+jwt' }],
    ['for another client', { aud: 'other' }],
    ['from another issuer', { iss: 'https://evil.example' }],
    ['with another nonce', { nonce: 'x' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
  ])('%s', async (_, claims, header, key) => {
    replaceIdToken(claims, header, key)
    await expect(signIn(partyOf())).rejects.toMatchObject({ code: 'id_token_invalid' })
  })

  it('that is none at all', async () => {
    provider.replaced.set('/token', ({ body }) => ({ body: { ...JSON.parse(body), id_token: undefined } }))
    await expect(signIn(partyOf())).rejects.toMatchObject({ code: 'id_token_invalid' })
  })

  it('and neither its claims nor a token is in what is logged of that', async () => {
    replaceIdToken({ aud: 'other-audience' })
    const refusal = await signIn(partyOf()).catch((error: unknown) => error)
    const told = JSON.stringify(refusal, (_, value) =>
      value instanceof Error ? { ...value, message: value.message, cause: value.cause } : value,
    )
    expect(told).not.toMatch(/other-audience|access_token|eyJ/)
  })
})

describe('Entra', () => {
  const tenant = '7d1e3bd2-2f5d-4bb4-9a0e-0f3c5c8f4c11'

  it('names a person by the oid of its tenant, at sign-in and at refresh', async () => {
    const oid = 'b0000000-0000-0000-0000-000000000001'
    await restartProvider([first], { path: `/${tenant}/v2.0`, claims: { tid: tenant, oid } })
    const party = partyOf({ kind: 'entra' })
    const { subject, refreshToken } = await signIn(party)
    expect(subject).toBe(oid)
    const expected = { issuer: provider.issuer, subject }
    await expect(party.refresh(refreshToken ?? '', expected)).resolves.toMatchObject({
      person: { subject: oid },
    })
  })
})
