import { Denied } from 'gatehouse/plugin-sdk'
import type { Configuration, TokenUser, VerifiedToken } from 'gatehouse/plugin-sdk/builtin'

/** Whom a good token is about, unless they, or the session that it comes from, have ended since. [S3-43] */
export function userOf(
  { issuer, subject, sessionId, since }: VerifiedToken,
  configuration: Configuration,
): TokenUser {
  if (sessionId !== null && configuration.isRevoked(sessionId)) {
    throw new Denied('authentication_required', 'The session of this access token has ended: sign in again')
  }
  const user = configuration.tokenUser(issuer, subject)
  if (!user) throw new Denied('authentication_required', 'The access token is about nobody who is known here')
  if (!user.active || configuration.isRevoked(user.id)) {
    throw new Denied('authentication_required', 'The user of this access token is not active')
  }
  if (since < (user.notBefore ?? 0) || since < (issuer.notBefore ?? 0)) {
    throw new Denied(
      'authentication_required',
      'This access token is from before its user was signed out: sign in again',
    )
  }
  return user
}
