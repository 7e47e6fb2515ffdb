import { createPublicKey, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import { type CompactJws, type JsonObject, readCompactJws, TokenInvalid } from './compact-jws.ts'
import type { TokenIssuer, VerificationKey } from './configuration/tokens.ts'
import { checkAudiences, checkTimes, lastBelievedAt, nameOf } from './token-claims.ts'

/*
 * The one verifier of access tokens (RFC 9068): both planes believe the same ones.
 */

/** Which tokens of an issuer are believed, see `TokenIssuer`. */
export type TokenTerms = Readonly<
  Pick<TokenIssuer, 'algorithm' | 'requiredClaims' | 'subjectClaim' | 'maxAgeSeconds'>
> & { readonly audiences: readonly string[]; readonly tokenTypes: readonly string[] | null }

/** A key of an issuer, and the name by which tokens name it. */
export interface TokenKey {
  readonly kid: string | undefined
  readonly key: KeyObject
}

/** What a token says, believed by nobody before it is verified by the terms of its issuer. */
export interface UnverifiedToken {
  readonly token: string
  readonly jws: CompactJws
  readonly claims: JsonObject
  readonly issuer: string
}

/** A token whose signature and claims are good, whoever it is about. */
export interface AccessToken {
  readonly claims: JsonObject
  readonly subject: string
  /** Milliseconds since the epoch. */
  readonly issuedAt: number
  /** Milliseconds since the epoch. */
  readonly believedUntil: number
}

const usualTypes: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt'])
/** What ID tokens and logout tokens have, and access tokens do not. */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 'events']

/** Signed by a key that nobody knows: the issuer may have made one since its keys were read. */
export class KeyUnknown extends TokenInvalid {}

/** @throws TokenInvalid */
export function readAccessToken(token: string): UnverifiedToken {
  const jws = readCompactJws(token)
  const claims = jws.claims()
  if (typeof claims.iss !== 'string') throw new TokenInvalid('does not say who issued it')
  return { token, jws, claims, issuer: claims.iss }
}

/**
 * What costs little first.
 *
 * @param keyNamed The key of the issuer that the token names, see {@link keyNamed}.
 * @param now Milliseconds since the epoch.
 * @throws TokenInvalid, of which a {@link KeyUnknown} is good in everything else that can be told without a key
 */
export async function verifyAccessToken(
  { token, jws, claims }: UnverifiedToken,
  terms: TokenTerms,
  keyNamed: (kid: string | undefined) => KeyObject | undefined,
  now: number,
): Promise<AccessToken> {
  const { algorithm, audiences, maxAgeSeconds } = terms
  if (jws.alg !== algorithm) throw new TokenInvalid(`is not signed with ${algorithm}`)
  checkType(jws, claims, terms)
  checkAudiences(claims, audiences)
  checkTimes(claims, now / 1_000, maxAgeSeconds)
  for (const [name, value] of Object.entries(terms.requiredClaims)) checkClaim(claims, name, value)
  const key = keyNamed(jws.kid)
  if (!key) throw new KeyUnknown('is signed by a key that its issuer does not have')
  try {
    await compactVerify(token, key, { algorithms: [algorithm] })
  } catch {
    throw new TokenInvalid('has a wrong signature')
  }
  return {
    claims,
    subject: nameOf(claims, terms.subjectClaim),
    issuedAt: Number(claims.iat) * 1_000,
    believedUntil: lastBelievedAt(claims, maxAgeSeconds) * 1_000,
  }
}

/** A token names its key unless there is only one; two of one name are no name. */
export function keyNamed(keys: readonly TokenKey[], kid: string | undefined): KeyObject | undefined {
  const [key, ...others] = keys.filter((one) => kid === undefined || one.kid === kid)
  return others.length === 0 ? key?.key : undefined
}

/** A key that cannot be used verifies nothing; the others of its issuer still do. */
export function tokenKeysOf(keys: readonly VerificationKey[]): readonly TokenKey[] {
  return Object.freeze(keys.flatMap((key) => tokenKeyOf(key) ?? []))
}

function tokenKeyOf(jwk: VerificationKey): TokenKey | undefined {
  try {
    return Object.freeze({ kid: jwk.kid, key: createPublicKey({ key: jwk, format: 'jwk' }) })
  } catch {
    return undefined
  }
}

/** RFC 8725 §3.11. @throws TokenInvalid for a token that was made for something else */
function checkType({ type }: CompactJws, claims: JsonObject, { tokenTypes }: TokenTerms): void {
  const isAccepted =
    tokenTypes === null ? usualTypes.has(type) : type !== undefined && tokenTypes.includes(type)
  if (!isAccepted) throw new TokenInvalid('is of another type')
  if (type !== 'at+jwt' && foreignClaims.some((claim) => claims[claim] !== undefined)) {
    throw new TokenInvalid('is no access token')
  }
}

function checkClaim(claims: JsonObject, name: string, value: string): void {
  const found = Object.hasOwn(claims, name) ? claims[name] : undefined
  const values: readonly unknown[] = Array.isArray(found) ? found : [found]
  if (!values.includes(value)) throw new TokenInvalid(`does not have the claim "${name}" that is required`)
}
