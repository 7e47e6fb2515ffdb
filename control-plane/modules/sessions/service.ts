import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { requireRow } from '../../db/require-row.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { Session } from '../../sessions/session.ts'
import { UserEntity } from '../users/index.ts'

const organizationWide = { workspaceId: null }

/** Where a user is signed in, the last seen first. Everybody sees their own. */
export function listSessions(
  { sessions }: ServiceContext,
  actor: Actor,
  userId: string,
): Promise<readonly Session[]> {
  if (actor.user?.id !== userId) actor.require('sessions:view', organizationWide)
  return sessions.listOfUser(actor.organizationId, userId)
}

/**
 * Ends a session at once: what its browser sends next is refused.
 *
 * @throws NotFound
 */
export async function revokeSession(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('sessions:revoke', organizationWide)
  const session = await context.sessions.find(actor.organizationId, id)
  if (!session) throw new NotFound('session', id)
  await context.sessions.end(session)
  await transactionOf(context, actor, (em) => recordChange(context, em, actor, describe(session)))
  return { id }
}

/** Ends all sessions of a user. @returns how many there were @throws NotFound */
export async function revokeSessionsOfUser(
  context: ServiceContext,
  actor: Actor,
  userId: string,
): Promise<number> {
  actor.require('sessions:revoke', organizationWide)
  await transactionOf(context, actor, (em) => requireRow(em, UserEntity, 'user', userId))
  const ended = await context.sessions.endOfUser(actor.organizationId, userId)
  const entry = {
    type: 'user.signed_out',
    subject: { kind: 'user', id: userId },
    details: { sessions: ended.length },
  }
  await transactionOf(context, actor, (em) => recordChange(context, em, actor, entry))
  return ended.length
}

function describe({ id, userId, providerId }: Session) {
  return { type: 'session.revoked', subject: { kind: 'session', id }, details: { userId, providerId } }
}
