import type { Plugin } from 'graphql-yoga'
import type { Actor } from '../actor.ts'
import { Unauthenticated } from '../graphql/errors.ts'
import type { ServiceContext } from '../service-context.ts'
import { type HeaderReader, organizationHeaders, presentedCredentials } from './credentials.ts'
import { AmbiguousCredentials, TenantMismatch, TooManyRequests } from './refusals.ts'
import type { RequestLimiter } from './request-limiter.ts'

/** What the plugins before execution tell the ones after them. */
export interface Principal {
  actor?: Actor
}

/** What of a request says who sent it. */
export interface Sender {
  /** Where it comes from, behind trusted proxies. */
  readonly address: string
  readonly header: HeaderReader
}

/**
 * Finds out who asks, before anything that they sent is parsed: without a valid credential nothing is told, not even
 * the schema.
 */
export function requirePrincipal(
  services: ServiceContext,
  limiter: RequestLimiter,
): Plugin<object, Principal & { readonly address: string }> {
  return {
    async onParams({ request, context }) {
      context.actor = await admitPrincipal(services, limiter, senderOf(request, context.address))
    },
  }
}

/** @throws Unauthenticated, AmbiguousCredentials, TooManyRequests, TenantMismatch */
export async function admitPrincipal(
  services: ServiceContext,
  limiter: RequestLimiter,
  sender: Sender,
): Promise<Actor> {
  const actor = await authenticate(services, sender)
  if (!actor) throw new Unauthenticated()
  const verdict = await limiter.admit(actor.id)
  if (!verdict.admitted) throw new TooManyRequests('principal', limiter.requestsPerMinute, verdict)
  for (const name of organizationHeaders) {
    const claimed = sender.header(name)
    if (claimed !== null && claimed !== actor.organizationId) throw new TenantMismatch(name)
  }
  return actor
}

/**
 * By the one credential that the request carries. Each that it carries is judged, in their order, and the first that is not
 * valid is the answer: no bad credential falls back to another. Of two good ones it would be a guess who is meant. [S3-07]
 *
 * @returns undefined when there is none, or one that is not valid
 * @throws AmbiguousCredentials
 */
export async function authenticate(
  services: ServiceContext,
  { address, header }: Sender,
): Promise<Actor | undefined> {
  let actor: Actor | undefined
  const presented = presentedCredentials(header)
  for (const { judge } of presented) {
    actor = await judge(services, address)
    if (!actor) return undefined
  }
  if (presented.length > 1) throw new AmbiguousCredentials(presented.map(({ where }) => where))
  return actor
}

export function senderOf({ headers }: Request, address: string): Sender {
  return { address, header: (name) => headers.get(name) }
}
