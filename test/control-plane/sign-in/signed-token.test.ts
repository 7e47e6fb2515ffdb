import { describe, expect, it } from 'vitest'
import { verifyIdToken } from '../../../control-plane/sign-in/id-token.ts'
import {
  encoded,
  forge,
  forgeSymmetric,
  keysOf,
  now,
  rsaPair,
  usualClaims,
  usualExpectations,
} from './forged-tokens.ts'
import { ec, expectRefusal, header, rsa, signed, stranger } from './verified-tokens.ts'

describe('a signature counts only by a key of this provider', () => {
  const claims = encoded(usualClaims)
  it.each([
    ['alg none without a signature', `${encoded({ alg: 'none' })}.${claims}.`, /compact form/],
    ['alg none with one', `${encoded({ alg: 'none' })}.${claims}.${encoded('x')}`, /signed by one of/],
    ['alg NoNe', `${encoded({ alg: 'NoNe' })}.${claims}.${encoded('x')}`, /signed by one of/],
    ['alg rs256', forge({ ...header, alg: 'rs256' }, usualClaims, rsa, 'RS256'), /signed by one of/],
    [
      'alg RS512, which is not allowed',
      forge({ ...header, alg: 'RS512' }, usualClaims, rsa),
      /signed by one of/,
    ],
    ['no alg', forge({ kid: 'rsa-1' }, usualClaims, rsa, 'RS256'), /signed by one of/],
    [
      'a list of algs',
      forge({ kid: 'rsa-1', alg: ['RS256'] }, usualClaims, rsa, 'RS256'),
      /signed by one of/,
    ],
    [
      'alg PS256 over an RS256 signature',
      forge({ ...header, alg: 'PS256' }, usualClaims, rsa, 'RS256'),
      /wrong signature/,
    ],
    [
      'alg ES256 and the id of an RSA key',
      forge({ ...header, alg: 'ES256' }, usualClaims, ec),
      /does not have/,
    ],
    ['an unknown kid', forge({ ...header, kid: 'rsa-2' }, usualClaims, rsa), /does not have/],
    ['a kid that is a path', forge({ ...header, kid: '../../dev/null' }, usualClaims, rsa), /does not have/],
    ['a kid that is SQL', forge({ ...header, kid: "' or 1=1 --" }, usualClaims, rsa), /does not have/],
    ['a kid that is no text', forge({ ...header, kid: 1 }, usualClaims, rsa), /no text/],
    [
      'no kid while there are several keys',
      forge({ alg: 'RS256' }, usualClaims, stranger),
      /wrong signature/,
    ],
    ['our kid and another provider’s key', forge(header, usualClaims, stranger), /wrong signature/],
    ['an embedded jwk', forge({ ...header, jwk: stranger.jwk }, usualClaims, stranger), /wrong signature/],
    [
      'an embedded jwk and its kid',
      forge({ ...header, kid: 'stranger-1', jwk: stranger.jwk }, usualClaims, stranger),
      /does not have/,
    ],
    [
      'a jku',
      forge({ ...header, kid: 'stranger-1', jku: 'https://evil.example/keys' }, usualClaims, stranger),
      /does not have/,
    ],
    [
      'an x5u',
      forge({ ...header, x5u: 'https://evil.example/cert' }, usualClaims, stranger),
      /wrong signature/,
    ],
    ['an x5c', forge({ ...header, x5c: ['MIIB'] }, usualClaims, stranger), /wrong signature/],
    ['crit', signed({}, { crit: ['exp'] }), /extensions/],
    ['an empty crit', signed({}, { crit: [] }), /extensions/],
    ['crit b64', signed({}, { crit: ['b64'], b64: false }), /extensions/],
    [
      'a payload that was changed',
      `${encoded(header)}.${encoded({ ...usualClaims, sub: 'admin' })}.${signed({}).split('.')[2]}`,
      /wrong signature/,
    ],
    [
      'a header that was changed',
      `${encoded({ ...header, x: 1 })}.${signed({}).split('.').slice(1).join('.')}`,
      /wrong signature/,
    ],
  ])('not with %s', async (_, token, reason) => {
    await expectRefusal(token, reason)
  })

  it.each([
    ['the public key in PEM', rsa.publicKey.export({ format: 'pem', type: 'spki' })],
    ['the public key in JSON', JSON.stringify(rsa.jwk)],
    ['the client secret', 'client-secret'],
  ])('not with HS256 and %s as the secret', async (_, secret) => {
    await expectRefusal(forgeSymmetric({ ...header, alg: 'HS256' }, usualClaims, secret), /signed by one of/)
  })

  it('not without a kid when several keys could have signed', async () => {
    const two = keysOf(rsa.jwk, stranger.jwk)
    const token = forge({ alg: 'RS256' }, usualClaims, rsa)
    await expect(verifyIdToken(token, usualExpectations, two, now)).rejects.toThrow(/does not have/)
  })

  it('not with a kid that two keys have', async () => {
    const two = keysOf(rsa.jwk, { ...stranger.jwk, kid: 'rsa-1' })
    await expect(verifyIdToken(signed({}), usualExpectations, two, now)).rejects.toThrow(/does not have/)
  })

  it('not by an RSA key of 1024 bits, although it is the provider’s', async () => {
    const weak = rsaPair('weak-1', 1024)
    const token = forge({ ...header, kid: 'weak-1' }, usualClaims, weak)
    await expect(verifyIdToken(token, usualExpectations, keysOf(rsa.jwk, weak.jwk), now)).rejects.toThrow(
      /does not have/,
    )
  })
})

describe('a token has one spelling', () => {
  const token = signed({})
  const [head, body, signature = ''] = token.split('.')
  /** The last character holds bits that belong to no byte: another one decodes to the same. */
  const respelled = `${signature.slice(0, -1)}${signature.at(-1) === 'A' ? 'B' : String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`

  it.each([
    ['white space before it', ` ${token}`, /compact form/],
    ['a line end behind it', `${token}\n`, /compact form/],
    [
      'white space in its signature',
      `${head}.${body}.${signature.slice(0, 9)} ${signature.slice(9)}`,
      /compact form/,
    ],
    ['padding', `${token}==`, /compact form/],
    ['base64 in place of base64url', `${head}.${body}.+/${signature.slice(2)}`, /compact form/],
    ['stray bits at its end', `${head}.${body}.${respelled}`, /compact form|wrong signature/],
    ['a fourth part', `${token}.x`, /compact form/],
    ['five parts, as an encrypted one has', `${token}.x.y`, /compact form/],
    ['two parts', `${head}.${body}`, /compact form/],
    ['nothing in it', '', /compact form/],
    [
      'sub twice',
      forge(header, `{"sub":"admin",${JSON.stringify(usualClaims).slice(1)}`, rsa),
      /ambiguous payload/,
    ],
    [
      'sub twice, spelled differently',
      forge(header, `{"s\\u0075b":"admin",${JSON.stringify(usualClaims).slice(1)}`, rsa),
      /ambiguous payload/,
    ],
    ['alg twice', forge(`{"alg":"none","alg":"RS256","kid":"rsa-1"}`, usualClaims, rsa), /ambiguous header/],
    ['a list as its payload', forge(header, '[]', rsa), /no object/],
    ['a text as its header', forge('"x"', usualClaims, rsa), /no object/],
    ['no JSON', forge(header, '{', rsa), /unreadable payload/],
    ['a byte order mark', forge(header, `\ufeff${JSON.stringify(usualClaims)}`, rsa), /unreadable payload/],
    [
      'a hundred levels',
      signed({ deep: JSON.parse('['.repeat(100) + ']'.repeat(100)) }),
      /ambiguous payload/,
    ],
    ['16 KiB and more', signed({ filler: 'x'.repeat(16 * 1024) }), /larger than/],
    ['10 MB', `${'x'.repeat(10_000_000)}.x.x`, /larger than/],
  ])('and is refused with %s', async (_, wrong, reason) => {
    await expectRefusal(wrong, reason)
  })

  it('and is refused with bytes that are no UTF-8', async () => {
    const [before, after] = JSON.stringify({ ...usualClaims, name: '%' }).split('%')
    const bytes = Buffer.concat([Buffer.from(before ?? ''), Buffer.from([0xff]), Buffer.from(after ?? '')])
    await expectRefusal(forge(header, bytes, rsa), /unreadable payload/)
  })
})
