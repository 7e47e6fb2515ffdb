import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import { type CompactJws, type JsonObject, readCompactJws, TokenInvalid } from '../../contract/compact-jws.ts'
import { checkAudiences, checkTimes, lastBelievedAt, nameOf } from '../../contract/token-claims.ts'
import type { CompiledTokenIssuer, Configuration, Tokens, VerifiedToken } from '../../plugins/sdk/builtin.ts'
import { Denied } from '../../plugins/sdk/denied.ts'

export interface TokenVerifierOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** A secret in clear; undefined while the sealed credentials do not hold it. */
  readonly credential: (credentialId: string) => string | undefined
}

/** So many tokens are remembered; beyond that those that were used longest ago are verified anew. */
const mostRemembered = 10_000
const usualTypes: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt'])
/** What ID tokens and logout tokens have, and access tokens do not. */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 'events']

/**
 * Verifies access tokens (RFC 9068), each once: a signature costs ten times as much as everything else that is asked of a
 * call. What is remembered is that the token is good until it ends, and only as long as its issuer stays as it is.
 */
export class TokenVerifier implements Tokens {
  readonly #options: TokenVerifierOptions
  /** By the SHA-256 of the token, so that no memory holds one; the least recently used first. */
  readonly #remembered = new Map<string, VerifiedToken>()

  constructor(options: TokenVerifierOptions) {
    this.#options = options
  }

  verify(token: string, configuration: Configuration): VerifiedToken | Promise<VerifiedToken> {
    const digest = digestOf(token)
    return this.#find(digest, configuration) ?? this.#verify(token, digest, configuration)
  }

  known(token: string, configuration: Configuration): VerifiedToken | undefined {
    return this.#find(digestOf(token), configuration)
  }

  #find(digest: string, configuration: Configuration): VerifiedToken | undefined {
    const found = this.#remembered.get(digest)
    if (!found) return undefined
    this.#remembered.delete(digest)
    const isGood =
      found.believedUntil > this.#options.now() &&
      configuration.tokenIssuer(found.issuer.issuer) === found.issuer
    if (!isGood) return undefined
    this.#remembered.set(digest, found)
    return found
  }

  async #verify(token: string, digest: string, configuration: Configuration): Promise<VerifiedToken> {
    try {
      const verified = await this.#read(token, configuration)
      this.#remembered.set(digest, verified)
      const [oldest] = this.#remembered.keys()
      if (this.#remembered.size > mostRemembered && oldest !== undefined) this.#remembered.delete(oldest)
      return verified
    } catch (error) {
      if (!(error instanceof TokenInvalid)) throw error
      throw new Denied('authentication_required', `The access token ${error.message}`)
    }
  }

  /** What costs little first. @throws TokenInvalid */
  async #read(token: string, configuration: Configuration): Promise<VerifiedToken> {
    const jws = readCompactJws(token)
    const claims = jws.claims()
    const issuer = typeof claims.iss === 'string' ? configuration.tokenIssuer(claims.iss) : undefined
    if (!issuer) throw new TokenInvalid('is by nobody who is believed here')
    if (jws.alg !== issuer.algorithm) throw new TokenInvalid(`is not signed with ${issuer.algorithm}`)
    checkType(jws, claims, issuer)
    checkAudiences(claims, issuer.audiences)
    checkTimes(claims, this.#options.now() / 1_000, issuer.maxAgeSeconds)
    for (const [name, value] of Object.entries(issuer.requiredClaims)) checkClaim(claims, name, value)
    const key = this.#keyOf(issuer, jws.kid)
    if (!key) throw new TokenInvalid('is signed by a key that its issuer does not have')
    try {
      await compactVerify(token, key, { algorithms: [issuer.algorithm] })
    } catch {
      throw new TokenInvalid('has a wrong signature')
    }
    return Object.freeze({
      issuer,
      subject: nameOf(claims, issuer.subjectClaim),
      // Only ours are named by our ids.
      sessionId: issuer.subjects === 'users' ? nameOf(claims, 'sid') : null,
      believedUntil: lastBelievedAt(claims, issuer.maxAgeSeconds) * 1_000,
    })
  }

  /** A token names its key unless there is only one. */
  #keyOf({ keys, secretId }: CompiledTokenIssuer, kid: string | undefined): KeyObject | undefined {
    if (secretId !== null) {
      const secret = this.#options.credential(secretId)
      return secret === undefined ? undefined : createSecretKey(secret, 'utf8')
    }
    const [key, ...others] = keys.filter((one) => kid === undefined || one.kid === kid)
    return others.length === 0 ? key?.key : undefined
  }
}

/** RFC 8725 §3.11. @throws TokenInvalid for a token that was made for something else */
function checkType({ type }: CompactJws, claims: JsonObject, { tokenTypes }: CompiledTokenIssuer): void {
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

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}
