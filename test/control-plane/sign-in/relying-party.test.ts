import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProviderSettings } from '../../../control-plane/sign-in/provider-settings.ts'
import { RelyingParty, type SignedIn } from '../../../control-plane/sign-in/relying-party.ts'
import { selfSigned } from '../../plugins/provider/http1/certificate.ts'
import { forge, halfHash, type KeyPair, rsaPair } from './forged-tokens.ts'
import {
  browser,
  clientId,
  clientSecret,
  type IdentityProvider,
  redirectUri,
  returnUri,
  startIdentityProvider,
} from './identity-provider.ts'

const first = rsaPair('key-1')
const second = rsaPair('key-2')
let provider: IdentityProvider
let aheadMs = 0
const now = () => Date.now() + aheadMs

beforeEach(async () => {
  aheadMs = 0
  provider = await startIdentityProvider([first], { claims: { groups: ['devs'] } })
})
afterEach(() => provider.close())

const settingsOf = (more: Partial<ProviderSettings> = {}): ProviderSettings => ({
  id: 'provider-1',
  kind: 'oidc',
  issuer: provider.issuer,
  clientId,
  clientSecret,
  scopes: ['openid', 'offline_access'],
  hostedDomain: null,
  trustedNetworks: ['127.0.0.0/8'],
  ...more,
})
const partyOf = (more: Partial<ProviderSettings> = {}) => new RelyingParty(settingsOf(more), { now })

/** A challenge and where it brings a browser that signs in. */
async function answered(party: RelyingParty, options: Parameters<RelyingParty['begin']>[1] = {}) {
  const challenge = await party.begin(redirectUri, options)
  const callback = await browser().follow(challenge.url)
  return { callback, expected: { ...challenge, redirectUri, maxAgeSeconds: options.maxAgeSeconds } }
}

async function signIn(party: RelyingParty): Promise<SignedIn> {
  const { callback, expected } = await answered(party)
  return party.finish(callback, expected)
}

/** Has the token endpoint answer with an ID token of our own making, signed with the provider's key. */
function replaceIdToken(claims: object, header: object = {}, key: KeyPair = first) {
  provider.replaced.set('/token', ({ body }) => {
    const answer = JSON.parse(body)
    const own = JSON.parse(Buffer.from(answer.id_token.split('.')[1], 'base64url').toString())
    const id_token = forge({ alg: 'RS256', kid: 'key-1', ...header }, { ...own, ...claims }, key)
    return { body: { ...answer, id_token } }
  })
}

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
    expect(signedIn.accessTokenExpiresAt).toBeGreaterThan(now() + 290_000)
    expect(signedIn.accessTokenExpiresAt).toBeLessThanOrEqual(now() + 300_000)
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

  it('asks for how, and how lately, somebody is to sign in', async () => {
    const { url } = await partyOf().begin(redirectUri, {
      acrValues: 'mfa',
      maxAgeSeconds: 0,
      prompt: 'login',
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
    aheadMs = 600_000
    await party.begin(redirectUri)
    expect(count('/.well-known/openid-configuration')).toBe(2)
  })

  it('works with a key that came after the keys were fetched, and not with one that is gone', async () => {
    const party = partyOf()
    await signIn(party)
    await provider.rotate(second, first)
    aheadMs = 30_000
    await expect(signIn(party)).resolves.toMatchObject({ subject: 'user-1' })
    await provider.rotate(second)
    party.flushKeys()
    replaceIdToken({})
    await expect(signIn(party)).rejects.toMatchObject({ code: 'id_token_invalid' })
  })

  it('works while the keys cannot be fetched', async () => {
    const party = partyOf()
    await signIn(party)
    provider.replaced.set('/jwks', () => ({ status: 500, body: {} }))
    aheadMs = 60_000
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

describe('a refresh', () => {
  const expected = (subject = 'user-1') => ({ issuer: provider.issuer, subject })

  it('brings who it is now, and the next token', async () => {
    const party = partyOf()
    const { refreshToken } = await signIn(party)
    const again = await party.refresh(refreshToken ?? '', expected())
    expect(again).toMatchObject({ person: { subject: 'user-1', claims: { groups: ['devs'] } } })
  })

  it('of a token that is no longer good is refused in the provider’s word', async () => {
    await expect(partyOf().refresh('gone', expected())).resolves.toEqual({ refused: 'invalid_grant' })
  })

  it('is refused when it is about somebody else', async () => {
    const party = partyOf()
    const { refreshToken } = await signIn(party)
    await expect(party.refresh(refreshToken ?? '', expected('user-2'))).resolves.toMatchObject({
      person: { code: 'id_token_invalid' },
    })
    await expect(
      party.refresh(refreshToken ?? '', { ...expected(), issuer: 'https://other.example' }),
    ).rejects.toMatchObject({ code: 'provider_misconfigured' })
  })

  it('that brings no ID token says nothing new of the person', async () => {
    const party = partyOf()
    const { refreshToken } = await signIn(party)
    provider.replaced.set('/token', ({ body }) => ({ body: { ...JSON.parse(body), id_token: undefined } }))
    await expect(party.refresh(refreshToken ?? '', expected())).resolves.toMatchObject({
      ...{ idToken: null, person: null },
    })
  })

  it('does not use up the token while the keys to read its answer cannot be fetched', async () => {
    const party = partyOf()
    const { refreshToken } = await signIn(party)
    party.flushKeys()
    provider.replaced.set('/jwks', () => ({ status: 500, body: {} }))
    provider.asked.length = 0
    await expect(party.refresh(refreshToken ?? '', expected())).rejects.toThrow()
    expect(provider.asked).toEqual(['/jwks'])
    provider.replaced.clear()
    await expect(party.refresh(refreshToken ?? '', expected())).resolves.toMatchObject({
      person: { subject: 'user-1' },
    })
  })

  it('is no refusal while the provider is out of order', async () => {
    const party = partyOf()
    const { refreshToken } = await signIn(party)
    provider.replaced.set('/token', () => ({ status: 503, body: {} }))
    await expect(party.refresh(refreshToken ?? '', expected())).rejects.toMatchObject({
      code: 'provider_unavailable',
    })
    await provider.close()
    await expect(party.refresh(refreshToken ?? '', expected())).rejects.toMatchObject({
      code: 'provider_unavailable',
    })
  })
})

describe('a provider is not trusted', () => {
  it.each<[string, Partial<ProviderSettings>]>([
    ['whose issuer differs in a slash', { issuer: '/' }],
    ['of Entra whose issuer is of no tenant', { kind: 'entra' }],
  ])('%s', async (_, { issuer = '', ...more }) => {
    const party = partyOf({ ...more, issuer: `${provider.issuer}${issuer}` })
    await expect(party.begin(redirectUri)).rejects.toMatchObject({ code: 'provider_misconfigured' })
    expect(provider.asked).not.toContain('/token')
  })

  it.each<[string, object]>([
    ['that calls itself by another issuer', { issuer: 'https://evil.example' }],
    ['whose sign-in page is a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['without a token endpoint', { token_endpoint: undefined }],
    ['whose keys are in a file', { jwks_uri: 'file:///etc/passwd' }],
  ])('%s', async (_, members) => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), ...members },
    }))
    await expect(partyOf().begin(redirectUri)).rejects.toMatchObject({ code: 'provider_misconfigured' })
  })

  it('whose keys are said to be at the machine’s credentials', async () => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), jwks_uri: 'http://169.254.169.254/latest' },
    }))
    await expect(signIn(partyOf())).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  it('that is in a private network which is not listed', async () => {
    await expect(partyOf({ trustedNetworks: [] }).begin(redirectUri)).rejects.toMatchObject({
      code: 'provider_unavailable',
      cause: { name: 'OutboundRefused' },
    })
    expect(provider.asked).toEqual([])
  })

  it.each([
    ['/.well-known/openid-configuration', 'provider_unavailable'],
    ['/jwks', 'provider_unavailable'],
  ])('whose %s is larger than 64 KiB', async (path, code) => {
    const filler = 'x'.repeat(64 * 1024)
    provider.replaced.set(path, ({ body }) => ({ body: { ...JSON.parse(body), filler } }))
    await expect(signIn(partyOf())).rejects.toMatchObject({ code, cause: { name: 'OutboundRefused' } })
  })

  it('for longer than its failure lasts', async () => {
    const party = partyOf()
    provider.replaced.set('/.well-known/openid-configuration', () => ({ status: 500, body: {} }))
    await expect(party.begin(redirectUri)).rejects.toMatchObject({ code: 'provider_unavailable' })
    provider.replaced.clear()
    await expect(party.begin(redirectUri)).resolves.toBeDefined()
  })
})

describe('a logout', () => {
  it('leads to the provider, which tells of it in a logout token that is believed', async () => {
    const party = partyOf()
    const user = browser()
    const challenge = await party.begin(redirectUri)
    const { idToken, providerSessionId } = await party.finish(await user.follow(challenge.url), {
      ...challenge,
      redirectUri,
    })
    const url = new URL((await party.endSessionUrl(idToken, returnUri)) ?? '')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clientId,
      id_token_hint: idToken,
      post_logout_redirect_uri: returnUri,
    })
    const form = await (await user.request(url.href)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(form)?.[1] ?? ''
    const confirmed = await user.request(`${provider.issuer}/session/end/confirm`, {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    })
    expect(confirmed.headers.get('location')).toBe(returnUri)
    const token = provider.sent[0]?.get('logout_token') ?? ''
    await expect(party.readLogoutToken(token)).resolves.toMatchObject({
      subject: 'user-1',
      sessionId: providerSessionId,
      tokenId: expect.stringMatching(/./),
    })
    await expect(party.readLogoutToken(idToken)).rejects.toMatchObject({ code: 'logout_token_invalid' })
    aheadMs = 180_000
    await expect(party.readLogoutToken(token)).rejects.toMatchObject({ code: 'logout_token_invalid' })
  })

  it.each([
    ['has no place for it', undefined],
    ['names a script as its place', 'javascript:alert(1)'],
  ])('leads nowhere when the provider %s', async (_, end_session_endpoint) => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), end_session_endpoint },
    }))
    await expect(partyOf().endSessionUrl('x', returnUri)).resolves.toBeNull()
  })
})

describe('Entra', () => {
  const tenant = '7d1e3bd2-2f5d-4bb4-9a0e-0f3c5c8f4c11'

  it('names a person by the oid of its tenant, at sign-in and at refresh', async () => {
    const oid = 'b0000000-0000-0000-0000-000000000001'
    await provider.close()
    provider = await startIdentityProvider([first], { path: `/${tenant}/v2.0`, claims: { tid: tenant, oid } })
    const party = partyOf({ kind: 'entra' })
    const { subject, refreshToken } = await signIn(party)
    expect(subject).toBe(oid)
    const expected = { issuer: provider.issuer, subject }
    await expect(party.refresh(refreshToken ?? '', expected)).resolves.toMatchObject({
      person: { subject: oid },
    })
  })
})

describe('settings are verified', () => {
  const verify = async (more: Partial<ProviderSettings> = {}) => {
    const checks = await partyOf(more).verify(redirectUri)
    return checks.map(({ name, ok, message }) => [name, ok, message])
  }

  it('as working when all works', async () => {
    expect(await verify()).toEqual([
      ['discovery', true, `The provider is ${provider.issuer}`],
      ['jwks', true, expect.stringContaining('can be used: 1')],
      ['client_auth', true, expect.stringContaining('knows the client')],
    ])
  })

  it('as not working with another secret', async () => {
    expect(await verify({ clientSecret: 'x' })).toContainEqual([
      'client_auth',
      false,
      expect.stringContaining('invalid_client'),
    ])
  })

  it('as not working without keys', async () => {
    provider.replaced.set('/jwks', () => ({ body: { keys: [rsaPair('weak', 1024).jwk] } }))
    expect(await verify()).toContainEqual(['jwks', false, expect.stringContaining('2048')])
  })

  it('as not working in a network that is not trusted, with the way out', async () => {
    expect(await verify({ trustedNetworks: [] })).toEqual([
      ['discovery', false, expect.stringContaining('trustedNetworks')],
      ['jwks', false, expect.stringContaining('Not tried')],
      ['client_auth', false, expect.stringContaining('Not tried')],
    ])
  })

  it('as not working with a certificate of nobody, with the reason', async () => {
    const server = createServer(selfSigned('localhost'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await verify({ issuer }))[0]).toEqual(['discovery', false, expect.stringMatching(/SELF_SIGNED/)])
    server.close()
  })

  it('as not working when the provider’s answers make no sense', async () => {
    provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
      body: { ...JSON.parse(body), token_endpoint_auth_methods_supported: 1 },
    }))
    expect(await verify()).toContainEqual(['client_auth', false, expect.stringContaining('understood')])
  })

  it('as not working when nobody answers', async () => {
    await provider.close()
    expect((await verify())[0]).toEqual(['discovery', false, expect.stringContaining('ECONNREFUSED')])
  })
})
