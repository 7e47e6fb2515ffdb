import { describe, expect, it } from 'vitest'
import { verifyLogoutToken } from '../../../control-plane/sign-in/logout-token.ts'
import { forge, issuer, keysOf, now, nowSeconds, rsaPair, usualExpectations } from './forged-tokens.ts'

const rsa = rsaPair('rsa-1')
const keys = keysOf(rsa.jwk)
const event = 'http://schemas.openid.net/event/backchannel-logout'
const header = { alg: 'RS256', kid: 'rsa-1', typ: 'logout+jwt' }
const usual: Readonly<Record<string, unknown>> = {
  iss: issuer,
  aud: usualExpectations.clientId,
  iat: nowSeconds - 5,
  exp: nowSeconds + 60,
  jti: 'logout-1',
  sub: 'user-1',
  sid: 'session-1',
  events: { [event]: {} },
}

const verify = (token: string) => verifyLogoutToken(token, usualExpectations, keys, now)
const signed = (claims: object, head: object = {}) =>
  forge({ ...header, ...head }, { ...usual, ...claims }, rsa)
const without = (...claims: readonly string[]) =>
  forge(header, Object.fromEntries(Object.entries(usual).filter(([name]) => !claims.includes(name))), rsa)

describe('a logout token is believed', () => {
  it.each([
    ['of a person and a session', signed({}), 'user-1', 'session-1'],
    ['of a person', without('sid'), 'user-1', null],
    ['of a session', without('sub'), null, 'session-1'],
    ['of 2 minutes ago', signed({ iat: nowSeconds - 120 }), 'user-1', 'session-1'],
    ['whose type is written in full', signed({}, { typ: 'application/logout+jwt' }), 'user-1', 'session-1'],
  ])('%s', async (_, token, subject, sessionId) => {
    await expect(verify(token)).resolves.toMatchObject({ subject, sessionId, tokenId: 'logout-1' })
  })

  it('until a time by which its id is to be remembered, however far away its end is', async () => {
    const notices = [signed({}), signed({ exp: nowSeconds + 3e9 })].map(verify)
    const ends = (await Promise.all(notices)).map(({ expiresAt }) => expiresAt)
    expect(ends).toEqual([now + 90_000, now + 115_000])
    for (const token of [signed({}), signed({ exp: nowSeconds + 3e9 })]) {
      await expect(verifyLogoutToken(token, usualExpectations, keys, now + 116_000)).rejects.toThrow()
    }
  })
})

describe('a logout token is refused', () => {
  it.each([
    ['without its type', signed({}, { typ: undefined }), /does not say/],
    ['with the type of an ID token', signed({}, { typ: 'JWT' }), /does not say/],
    ['from another issuer', signed({ iss: `${issuer}/` }), /not by this provider/],
    ['for another client', signed({ aud: 'other' }), /not for this client/],
    ['with a nonce', signed({ nonce: 'n' }), /nonce/],
    ['without events', without('events'), /logout/],
    ['with events in a list', signed({ events: [event] }), /logout/],
    ['with the event as a text', signed({ events: event }), /logout/],
    ['with another event', signed({ events: { [`${event}2`]: {} } }), /logout/],
    ['with a second event', signed({ events: { [event]: {}, other: {} } }), /logout/],
    ['with an event that is no object', signed({ events: { [event]: true } }), /logout/],
    [
      'with events behind __proto__',
      signed({ events: JSON.parse(`{"__proto__":{"${event}":{}}}`) }),
      /logout/,
    ],
    ['of nobody', without('sub', 'sid'), /neither/],
    ['with an empty session', signed({ sid: '' }), /unusable sid/],
    ['without an id', without('jti'), /no jti/],
    ['without an end', without('exp'), /no exp/],
    ['without a birth', without('iat'), /no iat/],
    ['from more than 2 minutes ago', signed({ iat: nowSeconds - 121 }), /too long ago/],
    ['by a key of nobody', forge(header, usual, rsaPair('rsa-1')), /wrong signature/],
  ])('%s', async (_, token, reason) => {
    await expect(verify(token)).rejects.toMatchObject({
      code: 'logout_token_invalid',
      message: expect.stringMatching(reason),
    })
  })
})
