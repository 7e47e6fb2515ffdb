import type { Plugin } from 'graphql-yoga'
import type { Actor } from '../actor.ts'
import { Unauthenticated } from '../graphql/errors.ts'
import { authenticateToken } from '../modules/api-tokens/index.ts'
import { authenticateSession } from '../modules/sessions/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { TenantMismatch, TooManyRequests } from './refusals.ts'
import type { RequestLimiter } from './request-limiter.ts'

/** What the plugins before execution tell the ones after them. */
export interface Principal {
  actor?: Actor
}

/** The first is ours; the second is what others call it. */
const tenantHeaders = ['x-gatehouse-organization', 'x-tenant-id']

/**
 * Finds out who asks, before anything that they sent is parsed: without a valid token nothing is told, not even
 * the schema.
 */
export function requirePrincipal(
  services: ServiceContext,
  limiter: RequestLimiter,
): Plugin<object, Principal> {
  return {
    async onParams({ request, context }) {
      context.actor = await admitPrincipal(services, limiter, (name) => request.headers.get(name))
    },
  }
}

/** @throws Unauthenticated, TooManyRequests, TenantMismatch */
export async function admitPrincipal(
  services: ServiceContext,
  limiter: RequestLimiter,
  header: (name: string) => string | null,
): Promise<Actor> {
  const actor = await authenticate(services, header)
  if (!actor) throw new Unauthenticated()
  const verdict = await limiter.admit(actor.id)
  if (!verdict.admitted) throw new TooManyRequests('principal', limiter.requestsPerMinute, verdict)
  for (const name of tenantHeaders) {
    const claimed = header(name)
    if (claimed !== null && claimed !== actor.organizationId) throw new TenantMismatch(name)
  }
  return actor
}

/**
 * By the token, or by the session of a browser that sends none. A token that is not valid is refused, whatever cookies come
 * with it: no bad credential falls back to another.
 *
 * @returns undefined when there is neither, or none that is valid.
 */
export async function authenticate(
  services: ServiceContext,
  header: (name: string) => string | null,
): Promise<Actor | undefined> {
  const authorization = header('authorization')
  if (authorization === null) return authenticateSession(services, header('cookie'))
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  return token === undefined ? undefined : authenticateToken(services.database, token, services.now())
}
