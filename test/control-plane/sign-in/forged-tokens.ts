import {
  createHash,
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  type webcrypto,
} from 'node:crypto'
import type { IdTokenExpectations } from '../../../control-plane/sign-in/id-token.ts'
import { KeyCache } from '../../../control-plane/sign-in/jwks.ts'

/*
 * Tokens made by hand, so that they can be wrong in ways that no library makes them.
 */

export interface KeyPair {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: webcrypto.JsonWebKey & { readonly kid: string }
}

type Members = Readonly<Record<string, unknown>>

export function rsaPair(kid: string, modulusLength = 2048, publicExponent = 65_537): KeyPair {
  return withJwk(kid, generateKeyPairSync('rsa', { modulusLength, publicExponent }))
}

export function ecPair(kid: string, namedCurve = 'P-256'): KeyPair {
  return withJwk(kid, generateKeyPairSync('ec', { namedCurve }))
}

export function edPair(kid: string): KeyPair {
  return withJwk(kid, generateKeyPairSync('ed25519'))
}

function withJwk(
  kid: string,
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): KeyPair {
  return { kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

export function encoded(value: unknown): string {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return bytes.toString('base64url')
}

/** A token of any header and payload, texts and bytes taken as they are, signed as the algorithm demands. */
export function forge(
  header: Members | string,
  payload: Members | string | Buffer,
  key: KeyPair,
  alg?: string,
): string {
  const signedWith = alg ?? (typeof header === 'string' ? 'RS256' : String(header.alg))
  const content = `${encoded(header)}.${encoded(payload)}`
  return `${content}.${signatureOf(signedWith, content, key.privateKey)}`
}

function signatureOf(alg: string, content: string, privateKey: KeyObject): string {
  const bytes = Buffer.from(content)
  if (alg === 'EdDSA') return sign(null, bytes, privateKey).toString('base64url')
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  const hash = `sha${alg.slice(2)}`
  if (alg.startsWith('ES')) {
    return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  }
  // RSA_PKCS1_PSS_PADDING with a salt as long as the hash: RFC 7518 §3.5.
  const padding = alg.startsWith('PS') ? { padding: 6, saltLength: Number(alg.slice(2)) / 8 } : {}
  return sign(hash, bytes, { key, ...padding }).toString('base64url')
}

export function forgeSymmetric(header: Members, payload: Members, secret: string | Buffer): string {
  const content = `${encoded(header)}.${encoded(payload)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

export function halfHash(text: string, hash = 'sha256'): string {
  const digest = createHash(hash).update(text).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

export const now = Date.parse('2026-11-22T12:00:00Z')
export const nowSeconds = now / 1000
export const issuer = 'https://id.example.com/tenant'
export const clientId = 'gatehouse'

/** What a provider that has nothing to hide would say. */
export const usualClaims: Members = {
  iss: issuer,
  aud: clientId,
  sub: 'user-1',
  nonce: 'nonce-1',
  iat: nowSeconds - 5,
  exp: nowSeconds + 300,
}

export const usualExpectations: IdTokenExpectations = {
  kind: 'oidc',
  issuer,
  clientId,
  hostedDomain: null,
  nonce: 'nonce-1',
  accessToken: 'access-token-1',
  code: 'code-1',
}

export function keysOf(...jwks: readonly unknown[]): KeyCache {
  return new KeyCache({ load: async () => ({ keys: jwks }), now: () => now })
}
