import { describe, expect, it } from 'vitest'
import { browser, clientId, type Replacement, redirectUri, returnUri } from './identity-provider.ts'
import {
  partyOf,
  passTime,
  provider,
  replaceIdToken,
  second,
  signIn,
  startProviderForEach,
} from './relying-party-setup.ts'

startProviderForEach()

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

  it('is refused by a bare 400 too, and not by one that says something else', async () => {
    provider.replaced.set('/token', () => ({ status: 400, body: '' }))
    await expect(partyOf().refresh('gone', expected())).resolves.toEqual({ refused: 'invalid_grant' })
    provider.replaced.set('/token', () => ({ status: 400, body: { error: 'invalid_request' } }))
    await expect(partyOf().refresh('gone', expected())).rejects.toMatchObject({ code: 'provider_error' })
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

  it.each([
    ['of a key that is not known yet', { kid: 'key-2' }, second, 'id_token_key_unknown'],
    ['with a wrong signature', {}, second, 'id_token_invalid'],
  ])(
    'is not believed with an ID token %s, and brings the next token all the same',
    async (_what, header, key, code) => {
      const party = partyOf()
      const { refreshToken } = await signIn(party)
      replaceIdToken({}, header, key)
      const answer = await party.refresh(refreshToken ?? '', expected())
      expect(answer).toMatchObject({ refreshToken: expect.stringMatching(/./), person: { code } })
    },
  )

  describe('that brings no ID token', () => {
    const refreshed = async (userinfo?: Replacement) => {
      const party = partyOf()
      const { refreshToken } = await signIn(party)
      provider.replaced.set('/token', ({ body }) => ({ body: { ...JSON.parse(body), id_token: undefined } }))
      if (userinfo) provider.replaced.set('/me', userinfo)
      return party.refresh(refreshToken ?? '', expected())
    }

    it('has userinfo tell who it is, which may not tell all', async () => {
      const person = { subject: 'user-1', claims: { groups: ['devs'] }, isComplete: false }
      await expect(refreshed()).resolves.toMatchObject({ idToken: null, person })
    })

    it('is refused when userinfo is about somebody else', async () => {
      await expect(refreshed(() => ({ body: { sub: 'user-2' } }))).resolves.toMatchObject({
        person: { code: 'id_token_invalid' },
      })
    })

    it.each([500, 401])('says nothing new of the person when userinfo answers with %i', async (status) => {
      await expect(refreshed(() => ({ status, body: {} }))).resolves.toMatchObject({ person: null })
    })

    it('says nothing new of the person where there is no userinfo', async () => {
      provider.replaced.set('/.well-known/openid-configuration', ({ body }) => ({
        body: { ...JSON.parse(body), userinfo_endpoint: undefined },
      }))
      await expect(refreshed()).resolves.toMatchObject({ person: null })
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
    passTime(5_000)
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
    passTime(180_000)
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
