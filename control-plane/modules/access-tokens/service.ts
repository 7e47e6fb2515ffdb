import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { Unauthenticated } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type User, UserEntity } from '../users/index.ts'
import { VirtualKeyEntity } from '../virtual-keys/index.ts'
import { type IssuedAccessToken, signAccessToken } from './claims.ts'
import { endTokensOfSessions, noteToken } from './ends.ts'
import { holderChange } from './holder.ts'
import { readSigningKey } from './keys.ts'

/**
 * A token with which whoever signed in calls data planes as themselves, for at most 15 minutes and no longer than they are
 * signed in. [S0-27]
 *
 * @throws Unauthenticated for whoever did not sign in with a browser
 */
export async function issueAccessToken(context: ServiceContext, actor: Actor): Promise<IssuedAccessToken> {
  const { organizationId, signIn } = actor
  if (!signIn) throw new Unauthenticated()
  const { sessions, database } = context
  const session = await sessions.find(organizationId, signIn.sessionId)
  if (!session) throw new Unauthenticated()
  const issued = await transactionOf(context, actor, async (em) => {
    const key = await readSigningKey(context, em, organizationId)
    const token = await signAccessToken(session, key, context.now())
    await noteToken(em, organizationId, session.id)
    const subject = { kind: 'user', id: session.userId }
    const details = { tokenId: token.id, expiresAt: new Date(token.expiresAt).toISOString() }
    await recordChange(context, em, actor, { type: 'access_token.issued', subject, details })
    return token
  })
  // Whoever ended the session before the commit knew nothing of this token.
  if (await sessions.find(organizationId, session.id)) return issued
  await endTokensOfSessions(database, organizationId, [session.id])
  throw new Unauthenticated()
}

export interface SetDefaultVirtualKey extends ExpectedVersion {
  readonly userId: string
  /** Null: the only one that they own. */
  readonly virtualKeyId?: string | null | undefined
}

/**
 * Says which key a user's calls use that carry an access token alone. [S0-28]
 *
 * @throws NotFound, StaleUpdate
 */
export function setDefaultVirtualKey(
  context: ServiceContext,
  actor: Actor,
  input: SetDefaultVirtualKey,
): Promise<User> {
  actor.require('users:update', { workspaceId: null })
  const { userId, virtualKeyId } = input
  const { organizationId } = actor
  return transactionOf(context, actor, async (em) => {
    const user = await lockRow(em, UserEntity, 'user', userId, input)
    if (virtualKeyId == null) {
      await em.execute('delete from default_virtual_keys where org_id = ? and user_id = ?', [
        organizationId,
        userId,
      ])
    } else {
      const key = await em.findOne(VirtualKeyEntity, { id: virtualKeyId, userId })
      if (!key) throw new NotFound('virtual key of this user', virtualKeyId)
      await em.execute(
        `insert into default_virtual_keys (org_id, user_id, virtual_key_id) values (?, ?, ?)
         on conflict (org_id, user_id) do update set virtual_key_id = excluded.virtual_key_id`,
        [organizationId, userId, key.id],
      )
    }
    const subject = { kind: 'user', id: userId }
    const details = { name: user.name, virtualKeyId: virtualKeyId ?? null }
    const entry = { type: 'user.default_virtual_key_set', subject, details }
    await recordChange(context, em, actor, entry, await holderChange(em, organizationId, [userId]))
    return user
  })
}
