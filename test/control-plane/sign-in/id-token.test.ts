import { describe, expect, it } from 'vitest'
import { verifyIdToken } from '../../../control-plane/sign-in/id-token.ts'
import {
  clientId,
  forge,
  halfHash,
  issuer,
  keysOf,
  now,
  nowSeconds,
  usualClaims,
  usualExpectations,
} from './forged-tokens.ts'
import { ec, ed, expectRefusal, header, rsa, signed, verify, without } from './verified-tokens.ts'

describe('an ID token is believed', () => {
  it('when everything in it is as it must be', async () => {
    await expect(verify(signed({ sid: 'session-1' }))).resolves.toMatchObject({
      subject: 'user-1',
      providerSessionId: 'session-1',
      claims: { sub: 'user-1' },
    })
  })

  it.each([
    ['RS256', rsa],
    ['PS256', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ])('when it is signed with %s', async (alg, pair) => {
    await expect(verify(forge({ alg, kid: pair.kid }, usualClaims, pair))).resolves.toMatchObject({
      subject: 'user-1',
    })
  })

  it('when its issuer has only one key, which it need not name', async () => {
    const only = keysOf(rsa.jwk)
    const token = forge({ alg: 'RS256' }, usualClaims, rsa)
    await expect(verifyIdToken(token, usualExpectations, only, now)).resolves.toMatchObject({
      subject: 'user-1',
    })
  })

  it.each([
    ['several audiences and an azp that is us', { aud: [clientId, 'other'], azp: clientId }],
    ['an audience that is a list of one', { aud: [clientId] }],
    ['an end within the skew of clocks', { exp: nowSeconds - 29 }],
    ['a start within the skew of clocks', { nbf: nowSeconds + 30 }],
    ['a birth 5 minutes ahead', { iat: nowSeconds + 300 }],
    ['a birth 10 minutes ago', { iat: nowSeconds - 600 }],
    ['the hash of its access token', { at_hash: halfHash('access-token-1') }],
    ['the hash of its code', { c_hash: halfHash('code-1') }],
    ['a subject of 255 characters', { sub: 's'.repeat(255) }],
    ['a claim named __proto__, which changes nothing', JSON.parse('{"__proto__": {"nonce": "x"}}')],
  ])('with %s', async (_, claims) => {
    await expect(verify(signed(claims))).resolves.toBeDefined()
  })

  it('with the hash of its access token by SHA-512 when Ed25519 signs', async () => {
    const claims = { ...usualClaims, at_hash: halfHash('access-token-1', 'sha512') }
    await expect(verify(forge({ alg: 'EdDSA', kid: 'ed-1' }, claims, ed))).resolves.toBeDefined()
  })

  it('without a nonce after a refresh, which answers no challenge', async () => {
    await expect(verify(without('nonce'), { nonce: null })).resolves.toBeDefined()
  })
})

describe('an ID token is refused', () => {
  it.each([
    ['for its type at+jwt', signed({}, { typ: 'at+jwt' }), /another type/],
    ['for its type application/AT+JWT', signed({}, { typ: 'application/AT+JWT' }), /another type/],
    ['for its type logout+jwt', signed({}, { typ: 'logout+jwt' }), /another type/],
    ['for a type that is no text', signed({}, { typ: ['JWT'] }), /type that is no text/],
    ['when it is a logout token without a type', signed({ events: {} }), /events/],
    ['from an issuer with a slash more', signed({ iss: `${issuer}/` }), /not by this provider/],
    ['from an issuer in upper case', signed({ iss: issuer.toUpperCase() }), /not by this provider/],
    [
      'from an issuer in look-alike letters',
      signed({ iss: issuer.replace('e', 'е') }),
      /not by this provider/,
    ],
    ['from a list of issuers', signed({ iss: [issuer] }), /not by this provider/],
    ['without an issuer', without('iss'), /not by this provider/],
    ['for another client', signed({ aud: 'other' }), /not for this client/],
    ['for a client whose name begins like ours', signed({ aud: `${clientId}-2` }), /not for this client/],
    ['without an audience', without('aud'), /not for this client/],
    ['for several clients without azp', signed({ aud: [clientId, 'other'] }), /several clients/],
    [
      'for several clients and asked for by another',
      signed({ aud: [clientId, 'other'], azp: 'other' }),
      /another client/,
    ],
    ['for us and asked for by another', signed({ azp: 'other' }), /another client/],
    ['without exp', without('exp'), /no exp/],
    ['with an exp that is a text', signed({ exp: String(nowSeconds + 300) }), /no exp/],
    ['beyond its end and the skew of clocks', signed({ exp: nowSeconds - 30 }), /expired/],
    ['without iat', without('iat'), /no iat/],
    ['from more than 5 minutes ahead', signed({ iat: nowSeconds + 301 }), /future/],
    ['from more than 10 minutes ago', signed({ iat: nowSeconds - 601 }), /too long ago/],
    [
      'from a week ago that ends in a hundred years',
      signed({ iat: nowSeconds - 604_800, exp: nowSeconds + 3e9 }),
      /too long ago/,
    ],
    ['before its start and the skew of clocks', signed({ nbf: nowSeconds + 31 }), /does not hold yet/],
    ['with a start that is a text', signed({ nbf: '0' }), /no nbf/],
    ['without a nonce', without('nonce'), /nonce/],
    ['with another nonce', signed({ nonce: 'nonce-2' }), /nonce/],
    ['with a list of nonces', signed({ nonce: ['nonce-1'] }), /nonce/],
    [
      'with the hash of another access token',
      signed({ at_hash: halfHash('access-token-2') }),
      /another access token/,
    ],
    ['with an at_hash that is no text', signed({ at_hash: null }), /another access token/],
    ['with the hash of another code', signed({ c_hash: halfHash('code-2') }), /another code/],
    ['with a c_hash that is no text', signed({ c_hash: 1 }), /another code/],
    ['without a subject', without('sub'), /no sub/],
    ['with an empty subject', signed({ sub: '' }), /unusable sub/],
    ['with a subject that is a number', signed({ sub: 1 }), /unusable sub/],
    ['with a subject of 256 characters', signed({ sub: 's'.repeat(256) }), /unusable sub/],
    ['with a NUL in its subject', signed({ sub: 'admin\0' }), /unusable sub/],
    [
      'with claims behind __proto__ alone',
      forge(header, `{"__proto__":${JSON.stringify(usualClaims)}}`, rsa),
      /not by this provider/,
    ],
  ])('%s', async (_, token, reason) => {
    await expectRefusal(token, reason)
  })

  it.each([
    ['without auth_time', {}, /no auth_time/],
    ['long after', { auth_time: nowSeconds - 91 }, /too long ago/],
    ['ahead', { auth_time: nowSeconds + 301 }, /yet to come/],
    ['at a text', { auth_time: String(nowSeconds) }, /no auth_time/],
  ])('when a sign-in within a minute was asked for and it is %s', async (_, claims, reason) => {
    await expectRefusal(signed(claims), reason, { maxAgeSeconds: 60 })
    await expect(verify(signed({ auth_time: nowSeconds - 90 }), { maxAgeSeconds: 60 })).resolves.toBeDefined()
  })

  it('without repeating what it says', async () => {
    const refusal = await verify(signed({ iss: 'https://secret.example', sub: 'somebody' })).catch(String)
    expect(refusal).not.toMatch(/secret\.example|somebody/)
  })
})

describe('Google Workspace', () => {
  const google = { kind: 'google_workspace', hostedDomain: 'example.com' } as const

  it('lets in accounts of its domain, however that is capitalized', async () => {
    await expect(verify(signed({ hd: 'Example.com' }), google)).resolves.toBeDefined()
  })

  it.each([
    ['without a domain, as private ones are', {}],
    ['of another domain', { hd: 'example.org' }],
    ['of a domain below', { hd: 'sub.example.com' }],
    ['of a list of domains', { hd: ['example.com'] }],
    ['whose address alone is of the domain', { email: 'a@example.com', email_verified: true }],
  ])('refuses accounts %s', async (_, claims) => {
    await expect(verify(signed(claims), google)).rejects.toMatchObject({ code: 'hosted_domain_mismatch' })
  })

  it('lets nobody in while no domain is set up', async () => {
    const token = signed({ hd: 'example.com' })
    await expect(verify(token, { ...google, hostedDomain: null })).rejects.toMatchObject({
      code: 'hosted_domain_mismatch',
    })
  })
})

describe('Entra', () => {
  const tenant = '7d1e3bd2-2f5d-4bb4-9a0e-0f3c5c8f4c11'
  const other = '11111111-2f5d-4bb4-9a0e-0f3c5c8f4c11'
  const at = (name: string) => `https://login.microsoftonline.com/${name}/v2.0`
  const entra = (name: string) => ({ kind: 'entra', issuer: at(name) }) as const
  const oid = 'b0000000-0000-0000-0000-000000000001'

  it('names a person by oid within its tenant, for sub differs from application to application', async () => {
    const token = signed({ iss: at(tenant), tid: tenant, oid })
    await expect(verify(token, entra(tenant))).resolves.toMatchObject({ subject: oid })
  })

  it.each([
    ['of another tenant', { iss: at(tenant), tid: other, oid }, /another tenant/],
    ['without a tenant', { iss: at(tenant), oid }, /no tid/],
    ['without an oid', { iss: at(tenant), tid: tenant }, /no oid/],
    ['of another tenant’s issuer', { iss: at(other), tid: other, oid }, /not by this provider/],
  ])('refuses a token %s', async (_, claims, reason) => {
    await expectRefusal(signed(claims), reason, entra(tenant))
  })

  it.each(['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad', '{tenantid}'])(
    'lets nobody in through the issuer %s, which is of no one tenant',
    async (name) => {
      const token = signed({ iss: at(name), tid: name, oid })
      await expect(verify(token, entra(name))).rejects.toMatchObject({ code: 'provider_misconfigured' })
    },
  )
})
