import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import { keyNamed, readAccessToken, verifyAccessToken } from '../../contract/access-token.ts'
import { TokenInvalid } from '../../contract/compact-jws.ts'
import { nameOf, sessionStartOf } from '../../contract/token-claims.ts'
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

  /** @throws TokenInvalid */
  async #read(token: string, configuration: Configuration): Promise<VerifiedToken> {
    const unverified = readAccessToken(token)
    const issuer = configuration.tokenIssuer(unverified.issuer)
    if (!issuer) throw new TokenInvalid('is by nobody who is believed here')
    const keyOf = (kid: string | undefined) => this.#keyOf(issuer, kid)
    const { subject, claims, issuedAt, believedUntil } = await verifyAccessToken(
      unverified,
      issuer,
      keyOf,
      this.#options.now(),
    )
    // Only ours are named by our ids.
    if (issuer.subjects === 'holders')
      return Object.freeze({ issuer, subject, sessionId: null, since: issuedAt, believedUntil })
    const since = sessionStartOf(claims) ?? issuedAt
    return Object.freeze({ issuer, subject, sessionId: nameOf(claims, 'sid'), since, believedUntil })
  }

  #keyOf({ keys, secretId }: CompiledTokenIssuer, kid: string | undefined): KeyObject | undefined {
    if (secretId === null) return keyNamed(keys, kid)
    const secret = this.#options.credential(secretId)
    return secret === undefined ? undefined : createSecretKey(secret, 'utf8')
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}
