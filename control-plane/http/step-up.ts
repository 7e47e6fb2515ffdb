import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor, SignIn } from '../actor.ts'
import { isMet, type Requirement } from '../assurance.ts'
import { recordAudit } from '../modules/audit/index.ts'
import {
  beginAttempt,
  type IdentityProvider,
  mfaEvidenceOf,
  type StepUp,
  signInPath,
} from '../modules/identity-providers/index.ts'
import { isValue } from '../modules/mfa/index.ts'
import { authenticateSession } from '../modules/sessions/index.ts'
import { reprovisionUser } from '../provisioning/provision-user.ts'
import type { ServiceContext } from '../service-context.ts'
import { authenticationOf, evidenceOf } from '../sign-in/mfa-evidence.ts'
import { providerKinds } from '../sign-in/provider-kinds.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import type { SignInProviders } from './sign-in-providers.ts'
import { returnPath, ticketCookie } from './sign-in-ticket.ts'

type Query = Readonly<Record<string, string | string[] | undefined>>

/** Sends somebody who is signed in to their provider, to prove more than they have (RFC 9470). */
export function addStepUp(
  scope: FastifyInstance,
  services: ServiceContext,
  providers: SignInProviders,
): void {
  scope.get<{ Querystring: Query }>(`${signInPath}/step-up`, async ({ headers, query }, reply) => {
    const requirement = requirementOf(query)
    const returnTo = returnPath(textOf(query, 'returnTo'), services.publicUrl)
    const { actor, signIn } = await requireSignedIn(services, headers.cookie ?? null)
    const { organizationId } = actor
    const { providerId, sessionId } = signIn
    const provider = await providers.ofId(organizationId, providerId)
    const { trusted, acrValues } = mfaEvidenceOf(provider)
    const isAnyMfa = requirement.acrValues.length + requirement.amr.length === 0
    // A provider that is trusted says nothing of factors and times: asked for them, it would refuse or keep silent.
    const maxAgeSeconds = trusted ? undefined : (requirement.maxAgeSeconds ?? undefined)
    const { url, ...secrets } = await providers
      .relyingParty(provider)
      .begin(providers.callbackUrl(provider), {
        acrValues: isAnyMfa ? acrValues : requirement.acrValues,
        ...{ maxAgeSeconds, isFresh: true },
      })
    const stepUp = { sessionId, requirement }
    const attempt = { organizationId, providerId, returnTo, maxAgeSeconds, stepUp, ...secrets }
    return reply.header('set-cookie', ticketCookie(await beginAttempt(services, attempt))).redirect(url, 302)
  })
}

/**
 * Makes the session worth what was proved, under a new id and a new secret: the former ones are unknown from then on.
 *
 * @returns the Set-Cookie header that gives it to the browser
 * @throws SignInRefused; the session is as it was
 */
export async function completeStepUp(
  services: ServiceContext,
  provider: IdentityProvider,
  signedIn: SignedIn,
  { stepUp, request }: { readonly stepUp: StepUp; readonly request: Pick<FastifyRequest, 'headers'> },
): Promise<string> {
  const { sessions, now } = services
  const { actor, signIn } = await requireSignedIn(services, request.headers.cookie ?? null)
  if (signIn.sessionId !== stepUp.sessionId) {
    throw new SignInRefused('session_needed', 'This browser is signed in otherwise than when this began')
  }
  if (signIn.providerId !== provider.id || signIn.subject !== signedIn.subject) {
    throw new SignInRefused('step_up_other_person', 'That was somebody else than who is signed in here')
  }
  const mfa = mfaEvidenceOf(provider)
  const authentication = authenticationOf(signedInClaims(provider, signedIn), mfa, now())
  if (!isMet(stepUp.requirement, evidenceOf(authentication, mfa), now())) throw unmet()
  await reprovisionUser(services, provider, signedIn, actor.id)
  const session = await sessions.find(actor.organizationId, signIn.sessionId)
  const { idToken, refreshToken, providerSessionId } = signedIn
  const rotated =
    session &&
    (await sessions.rotate(session, {
      ...{ ...authentication, providerSessionId },
      secrets: { idToken, refreshToken },
    }))
  if (rotated === null || rotated === 'ended') throw signedOut()
  await auditStepUp(services, actor, { providerId: provider.id, sessionId: rotated.session.id })
  return rotated.cookie
}

/** Userinfo says nothing of how somebody proved who they are: it may be what they wrote there themselves. */
export function signedInClaims(
  { kind }: Pick<IdentityProvider, 'kind'>,
  { claims }: Pick<SignedIn, 'claims'>,
): SignedIn['claims'] {
  return providerKinds[kind].hasIdTokens ? claims : {}
}

/** What the provider answers that cannot give what it was asked for. */
export function stepUpRefusal(refusal: SignInRefused): SignInRefused {
  return refusal.providerError === 'unmet_authentication_requirements' ? unmet() : refusal
}

function unmet(): SignInRefused {
  return new SignInRefused(
    'step_up_unmet',
    'Your identity provider did not confirm the factors that are needed: set one up there, or ask an administrator',
  )
}

function signedOut(): SignInRefused {
  return new SignInRefused('session_needed', 'Nobody is signed in here: sign in first')
}

/** @throws SignInRefused `session_needed` */
async function requireSignedIn(
  services: ServiceContext,
  cookies: string | null,
): Promise<{ readonly actor: Actor; readonly signIn: SignIn }> {
  const actor = await authenticateSession(services, cookies)
  if (!actor?.signIn) throw signedOut()
  return { actor, signIn: actor.signIn }
}

const longestAgeSeconds = 86_400

/** @throws SignInRefused `step_up_invalid` */
function requirementOf(query: Query): Requirement {
  const maxAge = textOf(query, 'max_age')
  const isAge = maxAge === undefined || (/^\d{1,5}$/.test(maxAge) && Number(maxAge) <= longestAgeSeconds)
  if (!isAge) throw invalid('max_age', `must be 0 to ${longestAgeSeconds} seconds`)
  return {
    acrValues: valuesOf(query, 'acr_values'),
    amr: valuesOf(query, 'amr'),
    maxAgeSeconds: maxAge === undefined ? null : Number(maxAge),
  }
}

function valuesOf(query: Query, name: string): string[] {
  const values = textOf(query, name)?.split(' ') ?? []
  if (values.length <= 20 && values.every(isValue)) return values
  throw invalid(name, 'must be up to 20 values with one space between them')
}

function textOf(query: Query, name: string): string | undefined {
  const value = query[name]
  if (Array.isArray(value)) throw invalid(name, 'must be there once')
  return value
}

function invalid(name: string, problem: string): SignInRefused {
  return new SignInRefused('step_up_invalid', `${name} ${problem}`)
}

function auditStepUp(
  { database, now }: ServiceContext,
  actor: Actor,
  details: { readonly providerId: string; readonly sessionId: string },
): Promise<void> {
  const entry = { type: 'user.stepped_up', subject: { kind: 'user', id: actor.id }, details }
  return database.transaction(actor.organizationId, (em) => recordAudit(em, actor, entry, new Date(now())))
}
