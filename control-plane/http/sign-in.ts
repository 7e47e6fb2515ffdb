import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isAccepted, waysInBy } from '../accepted-credentials.ts'
import {
  beginAttempt,
  type IdentityProvider,
  mfaEvidenceOf,
  signInPath,
} from '../modules/identity-providers/index.ts'
import { readCredentialTerms } from '../modules/mfa/index.ts'
import { endFormerSession, recordEvicted } from '../provisioning/own-session-ends.ts'
import { provisionUser } from '../provisioning/provision-user.ts'
import type { ServiceContext } from '../service-context.ts'
import { authenticationOf } from '../sign-in/mfa-evidence.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { auditRefusedSignIn } from './sign-in-audit.ts'
import type { AnsweredBy, ByName, SignInProviders } from './sign-in-providers.ts'
import { clearedTicket, returnPath, takeTicket, ticketCookie } from './sign-in-ticket.ts'
import { completeStepUp, signedInClaims, stepUpRefusal } from './step-up.ts'
import { completeTestSignIn, sendTestPage } from './test-sign-in.ts'

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
    // Without one there is no audit entry: it would be nobody's organization, and anybody can make as many as they like.
    const attempt = await takeTicket(services, request.headers.cookie ?? null)
    const provider = await providers.ofAttempt(attempt, request.params)
    const finish = () => {
      const redirectUri = providers.callbackUrl(provider)
      const answer = new URL(request.url, services.publicUrl)
      return providers.relyingParty(provider).finish(answer, { ...attempt, redirectUri })
    }
    if (attempt.testSignInId !== undefined) {
      return sendTestPage(reply, await completeTestSignIn(services, provider, attempt, finish))
    }
    let subject: string | null = null
    try {
      const signedIn = await finish()
      subject = signedIn.subject
      const { stepUp } = attempt
      const cookie = stepUp
        ? await completeStepUp(services, provider, signedIn, { stepUp, request })
        : await completeSignIn(services, provider, signedIn, request)
      return reply.header('set-cookie', cookie).redirect(attempt.returnTo, 302)
    } catch (error) {
      if (!(error instanceof SignInRefused)) throw error
      const refusal = attempt.stepUp ? stepUpRefusal(error) : error
      await auditRefusedSignIn(services, provider, refusal, subject)
      throw refusal
    }
  })
}

/** Begins a session in place of what this browser was signed in as. @throws SignInRefused */
async function completeSignIn(
  services: ServiceContext,
  provider: IdentityProvider,
  signedIn: SignedIn,
  request: FastifyRequest<AnsweredBy>,
): Promise<string> {
  const { sessions, now } = services
  const { id: providerId, organizationId } = provider
  await requireSessionsAccepted(services, organizationId)
  const userId = await provisionUser(services, provider, signedIn)
  const { subject, providerSessionId, idToken, refreshToken } = signedIn
  const former = await sessions.authenticate(request.headers.cookie ?? null)
  if (former) await endFormerSession(services, former, { organizationId, userId })
  const begun = await sessions.begin({
    ...{ organizationId, userId, providerId, subject, providerSessionId },
    userAgent: request.headers['user-agent'] ?? '',
    address: request.ip,
    ...authenticationOf(signedInClaims(provider, signedIn), mfaEvidenceOf(provider), now()),
    secrets: { idToken, refreshToken },
  })
  if (begun === 'too_many_sessions') {
    throw new SignInRefused(
      'too_many_sessions',
      'You are signed in as often as you may be: sign out elsewhere first',
    )
  }
  await recordEvicted(services, begun)
  return begun.cookie
}

/** Nobody is signed in who could do nothing then. @throws SignInRefused `sessions_not_accepted` */
async function requireSessionsAccepted({ database }: ServiceContext, organizationId: string): Promise<void> {
  const { acceptedCredentials } = await database.transaction(organizationId, (em) =>
    readCredentialTerms(em, organizationId),
  )
  if (isAccepted('SESSION', acceptedCredentials)) return
  throw new SignInRefused(
    'sessions_not_accepted',
    `This organization does not accept sessions: ${waysInBy(acceptedCredentials)}`,
  )
}
