import { looksLikeToken } from '../../contract/compact-jws.ts'
import type { Actor } from '../actor.ts'
import { authenticateToken } from '../modules/api-tokens/index.ts'
import { authenticateJwt } from '../modules/jwt-providers/index.ts'
import { authenticateSession } from '../modules/sessions/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { namesSessionCookie } from '../sessions/session-cookie.ts'

export type HeaderReader = (name: string) => string | null

/** What a request brings to say who sent it. */
export interface PresentedCredential {
  /** The place in the request, for a person. */
  readonly where: 'Authorization' | 'X-API-Key' | 'the session cookie'
  /**
   * @param address where the request comes from, behind trusted proxies
   * @returns undefined for one that is not valid
   */
  judge(services: ServiceContext, address: string): Promise<Actor | undefined>
}

/** The first is ours; the second is what others call it. */
export const organizationHeaders = ['x-gatehouse-organization', 'x-tenant-id'] as const

/**
 * All credentials of a request, in the order in which they are judged. One that cannot be read is one all the same. The
 * same token in both headers is one credential.
 */
export function presentedCredentials(header: HeaderReader): readonly PresentedCredential[] {
  const [authorization, apiKey, cookies] = [header('authorization'), header('x-api-key'), header('cookie')]
  const bearer = authorization === null ? null : (/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '')
  return [
    ...(bearer === null
      ? []
      : [looksLikeToken(bearer) ? jwt(bearer, header) : tokenIn('Authorization', bearer)]),
    ...(apiKey === null || apiKey === bearer ? [] : [tokenIn('X-API-Key', apiKey)]),
    ...(namesSessionCookie(cookies) ? [sessionIn(cookies)] : []),
  ]
}

function tokenIn(where: PresentedCredential['where'], token: string): PresentedCredential {
  return {
    where,
    judge: ({ database, now }, address) =>
      authenticateToken(database, token, now(), { address, session: null }),
  }
}

/** Its issuer may be one of several organizations. */
function jwt(token: string, header: HeaderReader): PresentedCredential {
  const [organization = null] = organizationHeaders.flatMap((name) => header(name) ?? [])
  return {
    where: 'Authorization',
    judge: (services, address) => authenticateJwt(services, { token, organization, address }),
  }
}

function sessionIn(cookies: string | null): PresentedCredential {
  return {
    where: 'the session cookie',
    judge: (services, address) => authenticateSession(services, cookies, address),
  }
}
