import { Actor, systemActor } from '../actor.ts'
import { recordSessionEnds } from '../ended-sessions.ts'
import { UserEntity } from '../modules/users/index.ts'
import type { ServiceContext } from '../service-context.ts'
import type { Session } from '../sessions/session.ts'
import type { StartedSession } from '../sessions/sessions.ts'

/** Ends sessions of a person, as they have it by one of them. What somebody else has ended is not recorded again. */
export async function endOwnSessions(
  services: ServiceContext,
  by: Session,
  sessions: readonly Session[],
  reason: 'signed_out' | 'signed_in_anew',
): Promise<void> {
  const ended: Session[] = []
  try {
    for (const session of sessions) if (await services.sessions.end(session)) ended.push(session)
  } finally {
    const ends = ended.map((session) => ({ ...session, reason }))
    if (ends.length > 0) await recordSessionEnds(services, await personOf(services, by), ends)
  }
}

/** Records those that gave way to a session of the same person. */
export async function recordEvicted(
  services: ServiceContext,
  { session, evicted }: StartedSession,
): Promise<void> {
  const ends = evicted.map((one) => ({ ...one, reason: 'evicted' as const }))
  if (ends.length > 0) await recordSessionEnds(services, await personOf(services, session), ends)
}

/** Whoever signed in, for the record alone: nobody needs a right to sign out. */
async function personOf(
  { database }: ServiceContext,
  { organizationId, userId, id: sessionId, providerId, subject }: Session,
): Promise<Actor> {
  const user = await database.transaction(organizationId, (em) => em.findOne(UserEntity, { id: userId }))
  if (!user) return systemActor(organizationId)
  return new Actor({
    ...{ kind: 'user', id: userId, name: user.name, organizationId, roleId: '', assurance: null },
    rights: { permissions: new Set(), workspaceIds: [], rowScope: 'own' },
    signIn: { sessionId, providerId, subject },
  })
}
