import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey, TokenIssuer } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { endSessionsBefore, everybody, readEpochOfAll } from '../../sessions/session-epochs.ts'
import { holderChange, holderRemovals } from './holder.ts'
import { lockKeys } from './keys.ts'

/*
 * Whoever is signed out is so with tokens too, and with those of other issuers, which know nothing of it: data planes are
 * told since when tokens count.
 */

/** No session and no token of anybody counts any more that is from before this time. @returns what data planes are to know */
export async function signOutEverybody(
  em: EntityManager,
  organizationId: string,
  at: Date,
): Promise<ConfigurationChange> {
  await endSessionsBefore(em, organizationId, [everybody], at)
  // Whoever changes an issuer at this moment holds one of these locks: what they told is read, or they read what is told here.
  await lockKeys(em, organizationId)
  await em.execute('select id from jwt_providers where org_id = ? order by id for update', [organizationId])
  const notBefore = await readEpochOfAll(em, organizationId)
  const known = await em.execute<{ document: TokenIssuer }[]>(
    `select document from config_entities where org_id = ? and kind = 'token_issuer' order by id`,
    [organizationId],
  )
  return { upserts: known.map(({ document }) => ({ ...document, ...(notBefore && { notBefore }) })) }
}

/**
 * No session and no token of these users counts any more that is from before this time; users whom there is no more are
 * passed over. Stores hold what is left of the sessions, which opens nothing.
 *
 * @returns what data planes are to know, also of users who were switched off: it has to hold when they are on again
 */
export async function signOutUsers(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
  at: Date,
): Promise<ConfigurationChange> {
  if (userIds.length === 0) return { upserts: [] }
  await em.flush()
  const named = [organizationId, JSON.stringify(userIds)]
  const present = await em.execute<{ id: string }[]>(
    `select id from users where org_id = ? and id in (select jsonb_array_elements_text(?::jsonb)) order by id for update`,
    named,
  )
  // Whoever creates or deletes an issuer holds these, and not the users.
  await em.execute(
    `select id from user_identities where org_id = ? and user_id in (select jsonb_array_elements_text(?::jsonb))
     order by id for update`,
    named,
  )
  const ids = present.map(({ id }) => id)
  await endSessionsBefore(em, organizationId, ids, at)
  return holderChange(em, organizationId, ids)
}

/**
 * As {@link signOutUsers}, of users who are deleted: nobody is signed in as them should a roll-back bring them back.
 *
 * @returns what data planes are to forget
 */
export async function signOutDeleted(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
  at: Date,
): Promise<EntityKey[]> {
  await endSessionsBefore(em, organizationId, userIds, at)
  return holderRemovals(em, organizationId, userIds)
}
