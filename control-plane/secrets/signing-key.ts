import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { SigningKey } from '../../contract/signed.ts'

/** The public half of an Ed25519 key, RFC 8037. */
export interface PublicJwk extends JWK {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

export interface InstallationSigningKey extends SigningKey {
  readonly publicJwk: PublicJwk
}

/** A fresh Ed25519 private key, PKCS #8 DER. */
export function generateSigningKey(): Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
}

/** @param der An Ed25519 private key, PKCS #8 DER. */
export async function signingKeyOf(der: Buffer): Promise<InstallationSigningKey> {
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { x } = privateKey.export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType !== 'ed25519' || !x) throw new TypeError('not an Ed25519 private key')
  const publicJwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x }
  return { id: await calculateJwkThumbprint(publicJwk), privateKey, publicJwk }
}
