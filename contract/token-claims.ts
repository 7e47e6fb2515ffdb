import { TokenInvalid } from './compact-jws.ts'

/*
 * The checks that every token of a provider must pass. Times are in seconds, as tokens have them.
 */

type Claims = Readonly<Record<string, unknown>>

/** How far two clocks may be apart where a token ends or begins. */
const clockSkewSeconds = 30
const mostFutureSeconds = 5 * 60

/** @throws TokenInvalid unless the issuer is the provider, character for character. */
export function checkIssuer(claims: Claims, issuer: string): void {
  if (claims.iss !== issuer) throw new TokenInvalid('is not by this provider')
}

/** OpenID Connect Core §3.1.3.7. @throws TokenInvalid unless the token is for this client. */
export function checkAudience(claims: Claims, clientId: string): void {
  const { aud, azp } = claims
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audience.includes(clientId)) throw new TokenInvalid('is not for this client')
  if (audience.length > 1 && azp === undefined) {
    throw new TokenInvalid('is for several clients and does not say which asked for it')
  }
  if (azp !== undefined && azp !== clientId) throw new TokenInvalid('was asked for by another client')
}

/** RFC 9068 §4. @throws TokenInvalid unless the token is for one of these. */
export function checkAudiences(claims: Claims, wanted: readonly string[]): void {
  const { aud } = claims
  const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!wanted.some((one) => audience.includes(one))) throw new TokenInvalid('is for another audience')
}

/** @throws TokenInvalid unless the token lives now and was made lately. */
export function checkTimes(claims: Claims, nowSeconds: number, mostAgeSeconds: number): void {
  const expiresAt = secondsOf(claims, 'exp')
  const issuedAt = secondsOf(claims, 'iat')
  if (expiresAt <= nowSeconds - clockSkewSeconds) throw new TokenInvalid('has expired')
  if (issuedAt > nowSeconds + mostFutureSeconds)
    throw new TokenInvalid('is from the future: compare the clocks')
  if (issuedAt < nowSeconds - mostAgeSeconds) throw new TokenInvalid('was made too long ago')
  if (claims.nbf !== undefined && secondsOf(claims, 'nbf') > nowSeconds + clockSkewSeconds) {
    throw new TokenInvalid('does not hold yet: compare the clocks')
  }
}

/** In seconds: when `checkTimes` refuses the token for good. @throws TokenInvalid */
export function lastBelievedAt(claims: Claims, mostAgeSeconds: number): number {
  return Math.min(secondsOf(claims, 'exp') + clockSkewSeconds, secondsOf(claims, 'iat') + mostAgeSeconds)
}

/** @throws TokenInvalid unless the person proved who it is within the time that was asked for. */
export function checkAuthenticationTime(claims: Claims, nowSeconds: number, maxAgeSeconds: number): void {
  const at = secondsOf(claims, 'auth_time')
  if (at > nowSeconds + mostFutureSeconds) throw new TokenInvalid('says that the sign-in is yet to come')
  if (at + maxAgeSeconds < nowSeconds - clockSkewSeconds) {
    throw new TokenInvalid('is about a sign-in that is too long ago')
  }
}

/** @throws TokenInvalid unless the claim is a text that can name somebody. */
export function nameOf(claims: Claims, claim: string): string {
  const name = optionalNameOf(claims, claim)
  if (name === null) throw new TokenInvalid(`has no ${claim}`)
  return name
}

/** As {@link nameOf}; null for a claim that is not there. */
export function optionalNameOf(claims: Claims, claim: string): string | null {
  const value = claims[claim]
  if (value === undefined) return null
  if (typeof value !== 'string' || value === '' || value.length > 255 || /[\p{Cc}\p{Cs}]/u.test(value)) {
    throw new TokenInvalid(`has an unusable ${claim}`)
  }
  return value
}

function secondsOf(claims: Claims, claim: string): number {
  const value = claims[claim]
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new TokenInvalid(`has no ${claim} that is a time`)
}

/** Of our own tokens: when their session began, in seconds and fractions of them. */
export const sessionStartClaim = 'session_started_at'

/** In milliseconds since the epoch; undefined for a token of a release that did not say it. @throws TokenInvalid */
export function sessionStartOf(claims: Claims): number | undefined {
  if (claims[sessionStartClaim] === undefined) return undefined
  return Math.round(secondsOf(claims, sessionStartClaim) * 1_000)
}
