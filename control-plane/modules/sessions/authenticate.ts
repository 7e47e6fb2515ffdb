import { Actor } from '../../actor.ts'
import type { ServiceContext } from '../../service-context.ts'
import type { Session } from '../../sessions/session.ts'
import { readTeamIds } from '../memberships/index.ts'
import { readUserRights } from '../roles/index.ts'
import { UserEntity } from '../users/index.ts'

/**
 * The person whose session a request's cookies name, with what they may do at this time; undefined without a session, and
 * for a user who is inactive or has no role.
 */
export async function authenticateSession(
  { sessions, database, now }: ServiceContext,
  cookies: string | null,
): Promise<Actor | undefined> {
  const session = await sessions.authenticate(cookies)
  if (!session) return undefined
  const { organizationId, userId } = session
  return database.transaction(organizationId, async (em) => {
    const user = await em.findOne(UserEntity, { id: userId, active: true })
    const held = user && (await readUserRights(em, userId, now()))
    if (!user || !held) return undefined
    const teamIds = await readTeamIds(em, userId)
    const identity = { kind: 'user', id: userId, name: user.name, organizationId } as const
    return new Actor({ ...identity, ...held, user: { id: userId, teamIds }, signIn: signInOf(session) })
  })
}

function signInOf({ id: sessionId, providerId, subject }: Session) {
  return { sessionId, providerId, subject }
}
