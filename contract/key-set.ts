import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { type KeyLookup, open, type SigningKey, seal } from './signed.ts'
import { parserOf } from './validation.ts'

/*
 * A data plane pins the control plane's signing key when it enrols. Which keys take its place is said by statements,
 * each signed by a key of the set before it, as The Update Framework does with its root role. The whole succession
 * travels with every head (`signatures[].succession`), so that a data plane that slept through it can catch up.
 */

const closed = { additionalProperties: false } as const

/** An Ed25519 public key, RFC 8037. */
export const PublicSigningKey = Type.Object(
  {
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    x: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  },
  closed,
)
export type PublicSigningKey = Static<typeof PublicSigningKey>

export const KeySet = Type.Object(
  {
    format: Type.Literal(1),
    /** Strictly increasing; the key of the enrolment is a set without a number. */
    version: Type.Integer({ minimum: 1 }),
    /** All keys that are believed from now on: two while one takes the place of the other. */
    keys: Type.Array(PublicSigningKey, { minItems: 1, maxItems: 2 }),
  },
  closed,
)
export type KeySet = Static<typeof KeySet>

const parseKeySet = parserOf('set of signing keys', KeySet)

export function sealKeySet(set: KeySet, key: SigningKey): string {
  return seal('gatehouse/signing-keys', JSON.stringify(set), key)
}

/**
 * @throws SignatureRefused when none of these keys signed it
 * @throws ContractViolation
 */
export function openKeySet(statement: string, keys: KeyLookup): KeySet {
  return parseKeySet(open('gatehouse/signing-keys', statement, keys).payload)
}

/** What a key is called: its thumbprint (RFC 7638). */
export function keyIdOf({ kty, crv, x }: PublicSigningKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
}

export function keyObjectOf(key: PublicSigningKey): KeyObject {
  return createPublicKey({ key: { ...key }, format: 'jwk' })
}
