import type { TokenKey, TokenTerms } from '../../contract/access-token.ts'
import type { CompiledKey, Configuration } from './builtin.ts'

/** Whose tokens are believed, and which of them; see `contract/configuration/tokens.ts`. */
export interface CompiledTokenIssuer extends TokenTerms {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly keys: readonly TokenKey[]
  readonly secretId: string | null
  readonly subjects: 'users' | 'holders'
  /** When everybody was signed out, in milliseconds since the epoch. */
  readonly notBefore?: number
}

/** Somebody who calls with a token. */
export interface TokenUser {
  readonly id: string
  readonly active: boolean
  /** When they were signed out everywhere, in milliseconds since the epoch; undefined when they never were. */
  readonly notBefore: number | undefined
  /** The key of a call that names none; undefined when it is not clear which. */
  readonly defaultKey: CompiledKey | undefined
  /** A key that the call names beside the token, as this user uses it; undefined when it is neither theirs nor their team's. */
  mayUse(key: CompiledKey): CompiledKey | undefined
}

/** A token whose signature and claims are good, whoever it is about. */
export interface VerifiedToken {
  readonly issuer: CompiledTokenIssuer
  readonly subject: string
  /** The session here that it comes from; null when it comes from somewhere else. */
  readonly sessionId: string | null
  /** When that session began; of a token from somewhere else when it was made. Milliseconds since the epoch. */
  readonly since: number
  /** Milliseconds since the epoch. */
  readonly believedUntil: number
}

export interface Tokens {
  /**
   * At once for a token that came before. What may have ended since, its session and its user, is for the caller to see to.
   *
   * @throws Denied `authentication_required`
   */
  verify(token: string, configuration: Configuration): VerifiedToken | Promise<VerifiedToken>
  /** As {@link verify}, but undefined where something has to be verified first, or is refused. */
  known(token: string, configuration: Configuration): VerifiedToken | undefined
}
