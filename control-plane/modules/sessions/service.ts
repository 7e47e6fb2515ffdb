import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { lockRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { Session } from '../../sessions/session.ts'
import { hasEnded, readSessionEpochs } from '../../sessions/session-epochs.ts'
import { signOutEverybody, signOutUsers } from '../access-tokens/index.ts'
import { UserEntity } from '../users/index.ts'

const organizationWide = { workspaceId: null }

/** Where a user is signed in, the last seen first. Everybody sees their own. */
export async function listSessions(
  context: ServiceContext,
  actor: Actor,
  userId: string,
): Promise<readonly Session[]> {
  if (actor.user?.id !== userId) actor.require('sessions:view', organizationWide)
  const { organizationId } = actor
  const listed = await context.sessions.listOfUser(organizationId, userId)
  const epochs = await transactionOf(context, actor, (em) => readSessionEpochs(em, organizationId, [userId]))
  return listed.filter((session) => !hasEnded(session, epochs.get(userId)))
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

/** Ends all sessions and tokens of a user. @returns how many there were @throws NotFound */
export async function revokeSessionsOfUser(
  context: ServiceContext,
  actor: Actor,
  userId: string,
): Promise<number> {
  actor.require('sessions:revoke', organizationWide)
  const { organizationId } = actor
  const before = new Date(context.now())
  await transactionOf(context, actor, async (em) => {
    await lockRow(em, UserEntity, 'user', userId)
    const change = await signOutUsers(em, organizationId, [userId], before)
    const subject = { kind: 'user', id: userId }
    const details = { before: before.toISOString() }
    await recordChange(context, em, actor, { type: 'user.signed_out', subject, details }, change)
  })
  const ended = await context.sessions.endOfUsers(organizationId, [userId])
  return ended.length
}

/**
 * Ends all sessions and tokens of the organization that began before, those of whoever asks too. None is looked for: they do
 * not count any more, and are forgotten when their time has come.
 *
 * @throws BadUserInput for a time that is still to come, for it would keep people from signing in
 */
export function revokeAllSessions(
  context: ServiceContext,
  actor: Actor,
  before: Date | null,
): Promise<{ before: Date }> {
  actor.require('sessions:revoke', organizationWide)
  const now = context.now()
  const at = before ?? new Date(now)
  if (at.getTime() > now) throw new BadUserInput('before', 'must not be in the future')
  const { organizationId } = actor
  return transactionOf(context, actor, async (em) => {
    const subject = { kind: 'organization', id: organizationId }
    const details = { before: at.toISOString() }
    const change = await signOutEverybody(em, organizationId, at)
    await recordChange(context, em, actor, { type: 'organization.signed_out', subject, details }, change)
    return { before: at }
  })
}

function describe({ id, userId, providerId }: Session) {
  return { type: 'session.revoked', subject: { kind: 'session', id }, details: { userId, providerId } }
}
