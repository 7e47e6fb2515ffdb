import { createPublicKey, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { EnrolmentInvalid } from './errors.ts'

/**
 * The public key of an RFC 8037 curve, without anything else that came in the JWK.
 *
 * @throws EnrolmentInvalid
 */
export function publicJwkOf(field: string, jwk: Readonly<Record<string, unknown>>, curve: string): JWK {
  if ('d' in jwk) throw new EnrolmentInvalid(`${field} holds a private key: send the public one`)
  if (jwk.kty !== 'OKP' || jwk.crv !== curve || typeof jwk.x !== 'string') {
    throw new EnrolmentInvalid(`${field} must be a public ${curve} key (JWK with kty "OKP", crv and x)`)
  }
  const key: JWK = { kty: 'OKP', crv: curve, x: jwk.x }
  try {
    publicKeyOf(key)
  } catch {
    throw new EnrolmentInvalid(`${field} is not a point of ${curve}`)
  }
  return key
}

export function publicKeyOf(jwk: JWK): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' })
}
