import type { FastifyInstance, FastifyRequest } from 'fastify'
import { beginAttempt, type IdentityProvider, signInPath } from '../modules/identity-providers/index.ts'
import { provisionUser } from '../provisioning/provision-user.ts'
import type { ServiceContext } from '../service-context.ts'
import { readClaim } from '../sign-in/claims.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { auditRefusedSignIn } from './sign-in-audit.ts'
import type { AnsweredBy, ByName, SignInProviders } from './sign-in-providers.ts'
import { clearedTicket, returnPath, takeTicket, ticketCookie } from './sign-in-ticket.ts'

/** OpenID Connect's authorization code flow with PKCE: to the provider, and back. */
export function addSignIn(
  scope: FastifyInstance,
  services: ServiceContext,
  providers: SignInProviders,
): void {
  scope.get<ByName>(`${signInPath}/oidc/:name/login`, async ({ params, query }, reply) => {
    const provider = await providers.enabled(params.name, query.organization)
    const returnTo = returnPath(query.returnTo, services.publicUrl)
    const { url, ...secrets } = await providers.relyingParty(provider).begin(providers.callbackUrl(provider))
    const { id: providerId, organizationId } = provider
    const ticket = await beginAttempt(services, { organizationId, providerId, returnTo, ...secrets })
    return reply.header('set-cookie', ticketCookie(ticket)).redirect(url, 302)
  })

  scope.get<AnsweredBy>(`${signInPath}/oidc/:name/callback/:organization`, async (request, reply) => {
    reply.header('set-cookie', clearedTicket)
    const attempt = await takeTicket(services, request.headers.cookie ?? null)
    const provider = await providers.ofAttempt(attempt, request.params)
    let subject: string | null = null
    try {
      const redirectUri = providers.callbackUrl(provider)
      const answer = new URL(request.url, services.publicUrl)
      const signedIn = await providers.relyingParty(provider).finish(answer, { ...attempt, redirectUri })
      subject = signedIn.subject
      const userId = await provisionUser(services, provider, signedIn)
      const cookie = await beginSession(services, provider, signedIn, { userId, request })
      return reply.header('set-cookie', cookie).redirect(attempt.returnTo, 302)
    } catch (error) {
      if (error instanceof SignInRefused) await auditRefusedSignIn(services, provider, error, subject)
      throw error
    }
  })
}

/** In place of what this browser was signed in as. @throws SignInRefused `too_many_sessions` */
async function beginSession(
  { sessions, now }: ServiceContext,
  { id: providerId, organizationId }: IdentityProvider,
  { subject, providerSessionId, claims, idToken, refreshToken }: SignedIn,
  { userId, request }: { readonly userId: string; readonly request: FastifyRequest<AnsweredBy> },
): Promise<string> {
  const former = await sessions.authenticate(request.headers.cookie ?? null)
  if (former) await sessions.end(former)
  const begun = await sessions.begin({
    ...{ organizationId, userId, providerId, subject, providerSessionId },
    authenticatedAt: now(),
    userAgent: request.headers['user-agent'] ?? '',
    address: request.ip,
    authenticationMethods: readClaim(claims, 'amr'),
    authenticationClass: authenticationClassOf(claims),
    secrets: { idToken, refreshToken },
  })
  if (begun !== 'too_many_sessions') return begun.cookie
  throw new SignInRefused(
    'too_many_sessions',
    'You are signed in as often as you may be: sign out elsewhere first',
  )
}

/** Keycloak writes the level that it was configured with as a number. */
function authenticationClassOf(claims: SignedIn['claims']): string | null {
  const [text = null] = readClaim(claims, 'acr')
  return typeof claims.acr === 'number' ? String(claims.acr) : text
}
