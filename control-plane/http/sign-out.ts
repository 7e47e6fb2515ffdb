import type { FastifyInstance } from 'fastify'
import { recordSessionEnds } from '../ended-sessions.ts'
import { signInPath, useLogoutToken } from '../modules/identity-providers/index.ts'
import { endOwnSessions } from '../provisioning/own-session-ends.ts'
import { providerActor } from '../provisioning/provision-user.ts'
import type { ServiceContext } from '../service-context.ts'
import { clearedSessionCookie } from '../sessions/session-cookie.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import { refuseForeignPage } from './cross-site.ts'
import type { ByName, SignInProviders } from './sign-in-providers.ts'

/** In place of a session's id, which begins otherwise. */
const allOthers = 'others'

/** Signing out, by the browser itself or by its identity provider (OpenID Connect Back-Channel Logout 1.0). */
export function addSignOut(
  scope: FastifyInstance,
  services: ServiceContext,
  providers: SignInProviders,
): void {
  const { sessions } = services
  scope.post<{ Querystring: { readonly session?: string } }>(
    `${signInPath}/logout`,
    async ({ headers, query }, reply) => {
      refuseForeignPage(headers, services.publicUrl)
      const session = await sessions.authenticate(headers.cookie ?? null)
      if (session && query.session === allOthers) {
        const own = await sessions.listOfUser(session.organizationId, session.userId)
        const others = own.filter(({ id }) => id !== session.id)
        await endOwnSessions(services, session, others)
        return { endSessionUrl: null }
      }
      if (session && query.session !== undefined && query.session !== session.id) {
        const other = await sessions.find(session.organizationId, String(query.session))
        // Signing out is nobody's to permit, of one's own browsers; of another's it does nothing.
        if (other?.userId === session.userId) await endOwnSessions(services, session, [other])
        return { endSessionUrl: null }
      }
      reply.header('set-cookie', clearedSessionCookie)
      if (!session) return { endSessionUrl: null }
      const secrets = await sessions.secretsOf(session)
      // First, for the provider may take its time.
      await endOwnSessions(services, session, [session])
      return { endSessionUrl: await providers.endSessionUrl(session, secrets) }
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
      await useLogoutToken(services, provider, notice, async () => {
        const { subject, sessionId } = notice
        const ended = await sessions.endOfProviderSession(provider.organizationId, provider.id, {
          ...(subject !== null && { subject }),
          ...(sessionId !== null && { providerSessionId: sessionId }),
        })
        const ends = ended.map((session) => ({ ...session, reason: 'idp_logout' as const }))
        await recordSessionEnds(services, providerActor(provider), ends)
      })
      return reply.code(200).send()
    },
  )
}
