import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import {
  beginAttempt,
  type IdentityProvider,
  signInPath,
  useLogoutToken,
} from '../modules/identity-providers/index.ts'
import { provisionUser } from '../provisioning/provision-user.ts'
import type { ServiceContext } from '../service-context.ts'
import { clearedSessionCookie } from '../sessions/session-cookie.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { answerInJson } from './answer-in-json.ts'
import { refuseForeignPage } from './cross-site.ts'
import { TooManyRequests } from './refusals.ts'
import type { RequestLimiter } from './request-limiter.ts'
import { senderAddress } from './sender-address.ts'
import { auditRefusedSignIn } from './sign-in-audit.ts'
import { SignInProviders } from './sign-in-providers.ts'
import { refusalPage, statusOf } from './sign-in-refusal.ts'
import { clearedTicket, returnPath, takeTicket, ticketCookie } from './sign-in-ticket.ts'

interface ByName {
  readonly Params: { readonly name: string }
  readonly Querystring: { readonly organization?: string; readonly returnTo?: string }
}

/**
 * Serves signing in and out with a browser: OpenID Connect's authorization code flow with PKCE, and its back-channel logout.
 * The paths hold nothing that a caller chooses but the provider's name.
 */
export function registerSignIn(
  fastify: FastifyInstance,
  services: ServiceContext,
  limiter: RequestLimiter,
): void {
  const providers = new SignInProviders(services)
  const { sessions } = services
  fastify.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    )
    scope.addHook('onRequest', async ({ ip }, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      const verdict = await limiter.admit(senderAddress(ip))
      if (!verdict.admitted) throw new TooManyRequests('address', limiter.requestsPerMinute, verdict)
    })
    scope.setErrorHandler((error, _request, reply) => {
      if (error instanceof SignInRefused) return refuse(reply, error)
      if (error instanceof GraphQLError) return answerInJson(reply, error)
      throw error
    })

    scope.get<{ Querystring: ByName['Querystring'] }>(`${signInPath}/providers`, async ({ query }) => ({
      providers: await providers.list(query.organization),
    }))

    scope.get<ByName>(`${signInPath}/oidc/:name/login`, async ({ params, query }, reply) => {
      const provider = await providers.enabled(params.name, query.organization)
      const returnTo = returnPath(query.returnTo, services.publicUrl)
      const { url, ...secrets } = await providers
        .relyingParty(provider)
        .begin(providers.callbackUrl(provider))
      const { id: providerId, organizationId } = provider
      const ticket = await beginAttempt(services, { organizationId, providerId, returnTo, ...secrets })
      return reply.header('set-cookie', ticketCookie(ticket)).redirect(url, 302)
    })

    scope.get<ByName>(`${signInPath}/oidc/:name/callback`, async (request, reply) => {
      reply.header('set-cookie', clearedTicket)
      const attempt = await takeTicket(services, request.headers.cookie ?? null)
      const provider = await providers.ofAttempt(attempt, request.params.name)
      try {
        const redirectUri = providers.callbackUrl(provider)
        const answer = new URL(request.url, services.publicUrl)
        const signedIn = await providers.relyingParty(provider).finish(answer, { ...attempt, redirectUri })
        const userId = await provisionUser(services, provider, signedIn)
        const cookie = await beginSession(services, provider, signedIn, { userId, request })
        return reply.header('set-cookie', cookie).redirect(attempt.returnTo, 302)
      } catch (error) {
        if (error instanceof SignInRefused) await auditRefusedSignIn(services, provider, error)
        throw error
      }
    })

    scope.post<{ Querystring: { readonly session?: string } }>(
      `${signInPath}/logout`,
      async ({ headers, query }, reply) => {
        refuseForeignPage(headers, services.publicUrl)
        const session = await sessions.authenticate(headers.cookie ?? null)
        if (session && query.session !== undefined && query.session !== session.id) {
          const other = await sessions.find(session.organizationId, String(query.session))
          // Signing out is nobody's to permit, of one's own browsers; of another's it does nothing.
          if (other?.userId === session.userId) await sessions.end(other)
          return { endSessionUrl: null }
        }
        reply.header('set-cookie', clearedSessionCookie)
        if (!session) return { endSessionUrl: null }
        const endSessionUrl = await providers.endSessionUrl(session)
        await sessions.end(session)
        return { endSessionUrl }
      },
    )

    scope.post<ByName>(
      `${signInPath}/oidc/:name/back-channel-logout`,
      async ({ params, query, body }, reply) => {
        const provider = await providers.enabled(params.name, query.organization)
        const token = body instanceof URLSearchParams ? body.getAll('logout_token') : []
        const [logoutToken] = token
        if (logoutToken === undefined || token.length > 1) {
          throw new SignInRefused('logout_token_invalid', 'Send one logout_token in a form')
        }
        const notice = await providers.relyingParty(provider).readLogoutToken(logoutToken)
        if (await useLogoutToken(services, provider, notice)) {
          const { subject, sessionId } = notice
          await sessions.endOfProviderSession(provider.organizationId, provider.id, {
            ...(subject !== null && { subject }),
            ...(sessionId !== null && { providerSessionId: sessionId }),
          })
        }
        return reply.code(200).send()
      },
    )
  })
}

/** In place of what this browser was signed in as. @throws SignInRefused `too_many_sessions` */
async function beginSession(
  { sessions, now }: ServiceContext,
  { id: providerId, organizationId }: IdentityProvider,
  { subject, providerSessionId, claims, idToken, refreshToken }: SignedIn,
  { userId, request }: { readonly userId: string; readonly request: FastifyRequest<ByName> },
): Promise<string> {
  const former = await sessions.authenticate(request.headers.cookie ?? null)
  if (former) await sessions.end(former)
  const begun = await sessions.begin({
    ...{ organizationId, userId, providerId, subject, providerSessionId },
    authenticatedAt: now(),
    userAgent: request.headers['user-agent'] ?? '',
    address: request.ip,
    authenticationMethods: Array.isArray(claims.amr) ? claims.amr.map(String) : [],
    authenticationClass: typeof claims.acr === 'string' ? claims.acr : null,
    secrets: { idToken, refreshToken },
  })
  if (begun !== 'too_many_sessions') return begun.cookie
  throw new SignInRefused(
    'too_many_sessions',
    'You are signed in as often as you may be: sign out elsewhere first',
  )
}

function refuse(reply: FastifyReply, error: SignInRefused): FastifyReply {
  return reply
    .code(statusOf(error))
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
    })
    .send(refusalPage(error))
}
