import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { type SigningAlgorithm, signingAlgorithms } from './provider-kinds.ts'

/** A public key in JSON, with its id. */
export type PublicJwk = webcrypto.JsonWebKey & { readonly kid?: string }

/** A public key of a provider that may verify. */
export interface VettedKey {
  readonly kid: string | undefined
  readonly algorithms: readonly SigningAlgorithm[]
  readonly key: KeyObject
  /** The members that matter, and no others. */
  readonly jwk: PublicJwk
}

/** Larger keys make each verification slow, which is what somebody may be after. */
const rsaBits = { least: 2048, most: 8192 }
const leastRsaExponent = 65_537n

/** A key that may verify signatures, or why not. RFC 7517, and RFC 8725 §3.5 for what is too weak. */
export function vetKey(candidate: unknown): VettedKey | string {
  if (typeof candidate !== 'object' || candidate === null) return 'is no key'
  const member = (name: string): unknown =>
    Object.hasOwn(candidate, name) ? Object.getOwnPropertyDescriptor(candidate, name)?.value : undefined
  if (member('use') !== undefined && member('use') !== 'sig') return 'is not for signatures'
  const operations = member('key_ops')
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'is not for verifying'
  }
  // Whoever publishes a private key signs no longer alone.
  if (member('d') !== undefined) return 'is a private key'
  const kid = member('kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) return 'has an unusable id'
  const found = publicKeyOf(member)
  if (typeof found === 'string') return found
  const alg = member('alg')
  const algorithms = found.algorithms.filter((known) => alg === undefined || alg === known)
  if (algorithms.length === 0) return `is for an algorithm that is not one of ${signingAlgorithms.join(', ')}`
  return {
    kid,
    algorithms,
    key: found.key,
    jwk: {
      ...found.jwk,
      use: 'sig',
      ...(kid === undefined ? {} : { kid }),
      ...(typeof alg === 'string' ? { alg } : {}),
    },
  }
}

type Found = Pick<VettedKey, 'algorithms' | 'key' | 'jwk'>

function publicKeyOf(member: (name: string) => unknown): Found | string {
  const kty = member('kty')
  if (kty === 'RSA') return rsaKey(member)
  if (kty === 'EC' && member('crv') === 'P-256') return imported(member, ['x', 'y'], ['ES256'])
  if (kty === 'OKP' && member('crv') === 'Ed25519') return imported(member, ['x'], ['EdDSA'])
  return kty === 'oct' ? 'is symmetric' : 'is of an unknown type'
}

function rsaKey(member: (name: string) => unknown): Found | string {
  const found = imported(member, ['n', 'e'], ['RS256', 'PS256'])
  if (typeof found === 'string') return found
  const { modulusLength = 0, publicExponent = 0n } = found.key.asymmetricKeyDetails ?? {}
  if (modulusLength < rsaBits.least || modulusLength > rsaBits.most) {
    return `must have ${rsaBits.least} to ${rsaBits.most} bits`
  }
  return publicExponent >= leastRsaExponent && publicExponent % 2n === 1n ? found : 'has a weak exponent'
}

function imported(
  member: (name: string) => unknown,
  names: readonly string[],
  algorithms: readonly SigningAlgorithm[],
): Found | string {
  const known = ['kty', 'crv', ...names].map((name) => [name, member(name)] as const)
  const texts = known.filter(([, value]) => typeof value === 'string')
  const jwk: webcrypto.JsonWebKey = Object.fromEntries(texts)
  try {
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), jwk, algorithms }
  } catch {
    return 'cannot be read'
  }
}
