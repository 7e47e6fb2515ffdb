import type { EntityManager } from '@mikro-orm/postgresql'
import { Actor, type ActorIdentity, type SignIn } from '../../actor.ts'
import type { RequestFacts } from '../../authorization/circumstances.ts'
import type { ServiceContext } from '../../service-context.ts'
import type { Session } from '../../sessions/session.ts'
import { restricted } from '../access-policies/index.ts'
import { readTeamIds } from '../memberships/index.ts'
import { readUserRights } from '../roles/index.ts'
import { type User, UserEntity } from '../users/index.ts'

/**
 * The person whose session a request's cookies name, with what they may do at this time; undefined without a session, and
 * for a user who is inactive or has no role.
 */
export async function authenticateSession(
  { sessions, database, now }: ServiceContext,
  cookies: string | null,
  address = '',
): Promise<Actor | undefined> {
  const session = await sessions.authenticate(cookies)
  if (!session) return undefined
  const { organizationId, userId } = session
  return database.transaction(organizationId, async (em) => {
    const user = await em.findOne(UserEntity, { id: userId })
    if (!user) return undefined
    const { actor } = await actorOfUser(em, user, now(), signInOf(session), { address, session })
    return actor
  })
}

/** Why a user who signs in may do nothing at all. */
export type UserObstacle = 'inactive' | 'no_role'

/**
 * A user who signed in; or why nobody can act as this user at this time.
 *
 * @param facts Without them, policies that ask for them deny.
 */
export async function actorOfUser(
  em: EntityManager,
  { id, name, organizationId, active }: User,
  now: number,
  signIn?: SignIn,
  facts?: RequestFacts,
): Promise<{ actor: Actor; obstacle?: never } | { actor?: never; obstacle: UserObstacle }> {
  if (!active) return { obstacle: 'inactive' }
  const held = await readUserRights(em, id, now)
  if (!held) return { obstacle: 'no_role' }
  const user = { id, teamIds: await readTeamIds(em, id) }
  const identity: ActorIdentity = {
    ...{ kind: 'user', id, name, organizationId, ...held, user },
    ...(signIn && { signIn }),
  }
  return { actor: new Actor(await restricted(em, identity, facts, now)) }
}

function signInOf({ id: sessionId, providerId, subject }: Session) {
  return { sessionId, providerId, subject }
}
