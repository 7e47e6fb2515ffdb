import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'

/** A private key as it is kept on disk. */
export type PrivateJwk = Record<string, unknown>

/** The two key pairs of a data plane: one says who speaks, the other who may read. */
export interface KeyPairs {
  readonly signing: PrivateJwk
  readonly sealing: PrivateJwk
}

export function generateKeyPairs(): KeyPairs {
  return {
    signing: { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) },
    sealing: { ...generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }) },
  }
}

export function privateKey(jwk: PrivateJwk): KeyObject {
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

/** The public half, which may be shown to anyone. */
export function publicJwk({ kty, crv, x }: PrivateJwk): Record<string, unknown> {
  return { kty, crv, x }
}

/** @throws TypeError when the key is no Ed25519 public key. */
export function ed25519PublicKey(jwk: Record<string, unknown>): KeyObject {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key')
  return key
}

/** The name that a key gives itself (RFC 7638). */
export function thumbprint(jwk: Record<string, unknown>): Promise<string> {
  return calculateJwkThumbprint(jwk as JWK)
}
