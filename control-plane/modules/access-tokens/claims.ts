import { randomUUID } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import type { SigningKey } from '../../../contract/signed.ts'
import { sessionStartClaim } from '../../../contract/token-claims.ts'
import type { Session } from '../../sessions/session.ts'

/** RFC 9068 §2.1. */
export const accessTokenType = 'at+jwt'
export const longestLifeSeconds = 15 * 60

export function issuerOf(organizationId: string): string {
  return `urn:gatehouse:${organizationId}`
}

/** Every data plane of the organization, and nothing else: the control plane takes no access token. */
export function audienceOf(organizationId: string): string {
  return `urn:gatehouse:${organizationId}:data-planes`
}

export interface IssuedAccessToken {
  readonly accessToken: string
  /** `jti` */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** A JWT access token (RFC 9068) of a session, which it does not outlive. @param now Milliseconds since the epoch. */
export async function signAccessToken(
  session: Session,
  { id: kid, privateKey }: SigningKey,
  now: number,
): Promise<IssuedAccessToken> {
  const { organizationId, userId, id: sid, createdAt, authenticatedAt, expiresAt: sessionEnd } = session
  const { authenticationMethods: amr, authenticationClass: acr } = session
  const issuedAt = Math.floor(now / 1_000)
  const expiresAt = Math.min(issuedAt + longestLifeSeconds, Math.floor(sessionEnd / 1_000))
  const id = randomUUID()
  const claims: JWTPayload = {
    ...{
      iss: issuerOf(organizationId),
      aud: audienceOf(organizationId),
      sub: userId,
      client_id: 'gatehouse',
    },
    ...{ jti: id, iat: issuedAt, exp: expiresAt, sid, org: organizationId },
    [sessionStartClaim]: createdAt / 1_000,
    ...(authenticatedAt !== null && { auth_time: Math.floor(authenticatedAt / 1_000) }),
    ...(amr.length > 0 && { amr: [...amr] }),
    ...(acr !== null && { acr }),
  }
  const header = { alg: 'EdDSA', typ: accessTokenType, kid }
  const accessToken = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey)
  return { accessToken, id, expiresAt: expiresAt * 1_000 }
}
