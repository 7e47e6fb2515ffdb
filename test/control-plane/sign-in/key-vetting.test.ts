import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { vetKey } from '../../../control-plane/sign-in/key-vetting.ts'
import { ecPair, edPair, rsaPair } from './forged-tokens.ts'

const rsa = rsaPair('rsa-1')
const ec = ecPair('ec-1')
const ed = edPair('ed-1')

describe('a provider’s key may verify', () => {
  it.each([
    ['RSA of 2048 bits', rsa.jwk, ['RS256', 'PS256']],
    ['RSA for one algorithm', { ...rsa.jwk, alg: 'PS256' }, ['PS256']],
    ['P-256', ec.jwk, ['ES256']],
    ['Ed25519', ed.jwk, ['EdDSA']],
    ['for signatures', { ...ec.jwk, use: 'sig', key_ops: ['verify'] }, ['ES256']],
    ['with members that nobody knows', { ...ec.jwk, x5c: ['MIIB'], issuer: 'x' }, ['ES256']],
  ])('%s', (_, jwk, algorithms) => {
    expect(vetKey(jwk)).toMatchObject({ kid: jwk.kid, algorithms })
  })

  it('and of it is kept what matters alone', () => {
    const vetted = vetKey({ ...rsa.jwk, x5u: 'https://evil.example', alg: 'RS256' })
    const { n, e } = rsa.jwk
    expect(vetted).toMatchObject({ jwk: { kty: 'RSA', n, e, kid: 'rsa-1', use: 'sig', alg: 'RS256' } })
    expect(JSON.stringify(vetted)).not.toContain('evil')
  })
})

describe('a provider’s key is not used when it', () => {
  const privateJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const withExponent = (e: Buffer) => ({ ...rsa.jwk, e: e.toString('base64url') })
  it.each([
    ['is symmetric', { kty: 'oct', k: 'c2VjcmV0', kid: 'oct-1' }, /symmetric/],
    ['is RSA of 1024 bits', rsaPair('weak', 1024).jwk, /2048/],
    ['is RSA of 2047 bits', rsaPair('weak', 2047).jwk, /2048/],
    [
      'is RSA of 16384 bits, which would take long',
      { ...rsa.jwk, n: Buffer.alloc(2048, 0xff).toString('base64url') },
      /8192/,
    ],
    ['has the exponent 1', withExponent(Buffer.from([1])), /exponent|read/],
    ['has the exponent 3', rsaPair('weak', 2048, 3).jwk, /exponent/],
    ['has an even exponent', withExponent(Buffer.from([1, 0, 2])), /exponent|read/],
    ['is for encryption', { ...rsa.jwk, use: 'enc' }, /not for signatures/],
    ['is for a use that is no text', { ...rsa.jwk, use: ['sig'] }, /not for signatures/],
    ['is for wrapping keys', { ...rsa.jwk, key_ops: ['wrapKey'] }, /not for verifying/],
    ['is for HS256', { ...rsa.jwk, alg: 'HS256' }, /algorithm/],
    ['is RSA for ES256', { ...rsa.jwk, alg: 'ES256' }, /algorithm/],
    ['is for decryption', { ...rsa.jwk, alg: 'RSA-OAEP' }, /algorithm/],
    ['is published with its private half', privateJwk, /private/],
    ['is on P-384', ecPair('ec-2', 'P-384').jwk, /unknown type/],
    ['is on secp256k1', { ...ec.jwk, crv: 'secp256k1' }, /unknown type/],
    [
      'is for key agreement',
      generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }),
      /unknown type/,
    ],
    ['is a point that is not on its curve', { ...ec.jwk, y: ec.jwk.x }, /read/],
    ['lacks a member', { kty: 'RSA', kid: 'x', e: 'AQAB' }, /read/],
    ['has an id that is a number', { ...rsa.jwk, kid: 1 }, /unusable id/],
    [
      'has what matters behind its prototype',
      JSON.parse(`{"__proto__":${JSON.stringify(rsa.jwk)}}`),
      /unknown type/,
    ],
    ['is nothing', null, /no key/],
    ['is a text', 'key', /no key/],
  ])('%s', (_, jwk, reason) => {
    expect(vetKey(jwk)).toMatch(reason)
  })
})
