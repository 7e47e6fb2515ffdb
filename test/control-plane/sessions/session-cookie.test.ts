import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSecret } from '../../../control-plane/secrets/random-secret.ts'
import { presentableUserAgent } from '../../../control-plane/sessions/session.ts'
import {
  clearedSessionCookie,
  parseSessionToken,
  readSessionCookie,
  sessionCookie,
  sessionCookieName,
} from '../../../control-plane/sessions/session-cookie.ts'

const token = { organizationId: 'org_1', id: 'sess_1', secret: makeSecret() }
const value = `${token.organizationId}.${token.id}.${token.secret}`
const cookie = `${sessionCookieName}=${value}`

describe('the session cookie', () => {
  it('is bound to this host over HTTPS, hidden from scripts and not sent with what other sites post', () => {
    const [pair, ...attributes] = sessionCookie(token, 90_999).split('; ')
    expect(pair).toBe(cookie)
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=90', 'Path=/', 'SameSite=Lax', 'Secure'])
  })

  it('is taken away under the same attributes', () => {
    const [pair, ...attributes] = clearedSessionCookie.split('; ')
    expect(pair).toBe(`${sessionCookieName}=`)
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Lax', 'Secure'])
  })

  it('comes back as it was given, among others', () => {
    for (const header of [cookie, `a=b; ${cookie}`, `${cookie};a=b`, ` ${cookie} ;x`, `${cookie}; ${cookie}`])
      expect(readSessionCookie(header)).toEqual(token)
  })

  it('counts for nothing when two different values are sent, for one of them was planted', () => {
    const planted = `${sessionCookieName}=org_1.sess_2.${makeSecret()}`
    expect(readSessionCookie(`${cookie}; ${planted}`)).toBeNull()
    expect(readSessionCookie(`${planted}; ${cookie}`)).toBeNull()
    expect(readSessionCookie(`${cookie}; ${sessionCookieName}=`)).toBeNull()
  })

  it('is taken only under its exact name, which alone has the guarantees of the prefix', () => {
    for (const name of ['gatehouse-session', '__host-gatehouse-session', '__Secure-gatehouse-session'])
      expect(readSessionCookie(`${name}=${value}`)).toBeNull()
  })

  it.each([
    ['nothing', ''],
    ['no secret', 'org_1.sess_1'],
    ['an empty part', `.sess_1.${token.secret}`],
    ['a fourth part', `${value}.x`],
    ['a short secret', `org_1.sess_1.${token.secret.slice(1)}`],
    ['a long secret', `${value}A`],
    ['quotes', `"${value}"`],
    ['another alphabet', `org_1.sess_1.${'+'.repeat(43)}`],
    ['a hash tag of Redis', `org_{1}.sess_1.${token.secret}`],
    ['a colon', `org_1.sess:1.${token.secret}`],
    ['a line break', `org_1.sess_1\n.${token.secret}`],
    ['a long id', `org_1.${'s'.repeat(65)}.${token.secret}`],
    ['ten megabytes', `org_1.sess_1.${'A'.repeat(10_000_000)}`],
  ])('is not parsed from %s', (_, text) => {
    expect(parseSessionToken(text)).toBeNull()
  })

  it('never throws, whatever a client sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readSessionCookie(text)
        readSessionCookie(`${sessionCookieName}=${text}`)
      }),
    )
  })
})

it('a User-Agent that is shown is short and turns no text around', () => {
  expect(presentableUserAgent('Mozilla/5.0\r\n\u0000\u009b[31m\u202eevil')).toBe('Mozilla/5.0[31mevil')
  expect(presentableUserAgent('x'.repeat(10_000))).toHaveLength(256)
  expect(presentableUserAgent(`${'x'.repeat(255)}😀`).isWellFormed()).toBe(true)
})
