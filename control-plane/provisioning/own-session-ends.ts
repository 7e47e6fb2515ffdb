import { Actor, type SignIn, systemActor } from '../actor.ts'
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
): Promise<void> {
  const ended: Session[] = []
  try {
    for (const session of sessions) if (await services.sessions.end(session)) ended.push(session)
  } finally {
    const ends = ended.map((session) => ({ ...session, reason: 'signed_out' as const }))
    if (ends.length > 0) await recordSessionEnds(services, await personOf(services, by), ends)
  }
}

type Person = Pick<Session, 'organizationId' | 'userId'>

/** Ends what a browser was signed in as until now, by whoever signs in there, be it somebody else. */
export async function endFormerSession(
  services: ServiceContext,
  former: Session,
  next: Person,
): Promise<void> {
  if (!(await services.sessions.end(former))) return
  const actor = await nextActor(services, former, next)
  await recordSessionEnds(services, actor, [{ ...former, reason: 'signed_in_anew' }])
}

/** The audit log of one organization names nobody of another. */
async function nextActor(services: ServiceContext, former: Session, next: Person): Promise<Actor> {
  if (next.organizationId !== former.organizationId) return systemActor(former.organizationId)
  return next.userId === former.userId ? personOf(services, former) : personOf(services, next)
}

/** Records those that gave way to a session of the same person. */
export async function recordEvicted(
  services: ServiceContext,
  { session, evicted }: StartedSession,
): Promise<void> {
  const ends = evicted.map((one) => ({ ...one, reason: 'evicted' as const }))
  if (ends.length > 0) await recordSessionEnds(services, await personOf(services, session), ends)
}

/** For the record alone: nobody needs a right to sign out. */
async function personOf({ database }: ServiceContext, person: Session | Person): Promise<Actor> {
  const { organizationId, userId } = person
  const user = await database.transaction(organizationId, (em) => em.findOne(UserEntity, { id: userId }))
  if (!user) return systemActor(organizationId)
  return new Actor({
    ...{ kind: 'user', id: userId, name: user.name, organizationId, roleId: '', assurance: null },
    rights: { permissions: new Set(), workspaceIds: [], rowScope: 'own' },
    ...('id' in person && { signIn: signInOf(person) }),
  })
}

function signInOf({ id: sessionId, providerId, subject }: Session): SignIn {
  return { sessionId, providerId, subject }
}
