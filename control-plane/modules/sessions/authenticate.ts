import type { EntityManager } from '@mikro-orm/postgresql'
import type { CredentialKind } from '../../../contract/credential-kinds.ts'
import { requireAccepted } from '../../accepted-credentials.ts'
import { Actor, type ActorIdentity, type SignIn } from '../../actor.ts'
import { Assurance, type AssuranceTerms, type Evidence } from '../../assurance.ts'
import type { RequestFacts, SessionFacts } from '../../authorization/circumstances.ts'
import type { ServiceContext } from '../../service-context.ts'
import { breakGlassProviderId, type Session } from '../../sessions/session.ts'
import { hasEnded } from '../../sessions/session-epochs.ts'
import { evidenceOf } from '../../sign-in/mfa-evidence.ts'
import { restricted } from '../access-policies/index.ts'
import { stepUpUrl } from '../identity-providers/index.ts'
import { readTeamIds } from '../memberships/index.ts'
import { appliedRules, type RoleInUse, readUserTerms, type UserTerms } from '../mfa/index.ts'
import { readUserRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'

/**
 * The person whose session a request's cookies name, with what they may do at this time; undefined without a session, and
 * for a user who is inactive or has no role.
 *
 * @throws CredentialNotAccepted
 */
export async function authenticateSession(
  { sessions, database, now, publicUrl }: ServiceContext,
  cookies: string | null,
  address = '',
): Promise<Actor | undefined> {
  const session = await sessions.authenticate(cookies)
  if (!session) return undefined
  const { organizationId, userId } = session
  return database.transaction(organizationId, async (em) => {
    const user = await em.findOne(UserEntity, { id: userId })
    if (!user) return undefined
    const terms = await readUserTerms(em, session)
    if (hasEnded(session, terms.notBefore)) return undefined
    const used = { terms, session, publicUrl }
    const { actor } = await actorOfUser(em, user, now(), used, { address, session: factsOf(used) })
    return actor
  })
}

/** Why a user who signs in may do nothing at all. */
export type UserObstacle = 'inactive' | 'no_role'

/** By which a user acts: a session, or a token that proves nothing. */
export interface UsedCredential {
  readonly terms: UserTerms
  readonly session: Session | null
  readonly publicUrl: string
}

type UsedSession = UsedCredential & { readonly session: Session }

/**
 * A user who signed in; or why nobody can act as this user at this time.
 *
 * @param by `any`: whatever they have proved, for what is said of them and not by them.
 * @param facts Without them, policies that ask for them deny.
 * @throws CredentialNotAccepted unless `by` is `any`
 */
export async function actorOfUser(
  em: EntityManager,
  { id, name, organizationId, active }: User,
  now: number,
  by: UsedCredential | 'any',
  facts?: RequestFacts,
): Promise<{ actor: Actor; obstacle?: never } | { actor?: never; obstacle: UserObstacle }> {
  if (!active) return { obstacle: 'inactive' }
  const held = await readUserRights(em, id, now)
  if (!held) return { obstacle: 'no_role' }
  const user = { id, teamIds: await readTeamIds(em, id) }
  const identity: ActorIdentity = {
    ...{ kind: 'user', id, name, organizationId, ...held, user },
    ...(by === 'any' ? { assurance: null } : actingBy(by, held.roles, now)),
  }
  return { actor: new Actor(await restricted(em, identity, facts, now)) }
}

/** @throws CredentialNotAccepted */
function actingBy(
  by: UsedCredential,
  roles: () => readonly RoleInUse[],
  now: number,
): Pick<ActorIdentity, 'assurance' | 'credential' | 'signIn'> {
  const { terms, session } = by
  const credential = credentialOf(session)
  requireAccepted(credential, terms.acceptedCredentials)
  const rules = appliedRules(terms.rules, roles)
  const used = session && { ...by, session }
  return {
    credential,
    assurance: new Assurance({ rules, now, ...provedBy(used) }),
    ...(session && { signIn: signInOf(session) }),
  }
}

/** That of an emergency is none that is accepted or not. */
function credentialOf(session: Session | null): CredentialKind | null {
  if (session === null) return 'JWT'
  return session.providerId === breakGlassProviderId ? null : 'SESSION'
}

/** Whoever signs in so has shown a password and a code. */
const breakGlassEvidence = { trusted: true, acrValues: [], amr: [] }

/** Null: its provider is gone, and nobody knows what counts there. */
function evidenceOfSession({ session, terms: { mfaEvidence } }: UsedSession): Evidence | null {
  if (session.providerId === breakGlassProviderId) return evidenceOf(session, breakGlassEvidence)
  return mfaEvidence && evidenceOf(session, mfaEvidence)
}

function factsOf(used: UsedSession): SessionFacts {
  const { authenticationMethods, authenticationClass, authenticatedAt } = used.session
  const isMfa = evidenceOfSession(used)?.isMfa ?? false
  return { isMfa, authenticationMethods, authenticationClass, authenticatedAt }
}

function provedBy(used: UsedSession | null): Pick<AssuranceTerms, 'proof' | 'stepUpUrl'> {
  const evidence = used && evidenceOfSession(used)
  if (used === null || evidence === null) return { proof: null, stepUpUrl: null }
  const { session, publicUrl } = used
  const proof = { of: 'session', evidence } as const
  if (session.providerId === breakGlassProviderId) return { proof, stepUpUrl: null }
  return { proof, stepUpUrl: (requirement) => stepUpUrl(publicUrl, requirement) }
}

function signInOf({ id: sessionId, providerId, subject }: Session): SignIn {
  return { sessionId, providerId, subject }
}
