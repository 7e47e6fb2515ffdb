import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf, type TokenHolder } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { readGivenTeamIds } from '../memberships/index.ts'

/** What data planes are to know now of what a user's tokens entitle to; nothing for a user of whom there is nothing to say. */
export async function holderChange(
  em: EntityManager,
  organizationId: string,
  userId: string,
): Promise<ConfigurationChange> {
  await em.flush()
  const holder: TokenHolder = {
    kind: 'token_holder',
    id: userId,
    advisory: true,
    defaultVirtualKeyId: (await readDefaultKeyIds(em, organizationId, [userId])).get(userId) ?? null,
    teamIds: (await readGivenTeamIds(em, userId)).sort(),
    subjects: [],
  }
  const saysNothing =
    holder.defaultVirtualKeyId === null && holder.teamIds.length === 0 && holder.subjects.length === 0
  if (!saysNothing) return { upserts: [holder] }
  return { upserts: [], removals: await holderRemovals(em, organizationId, userId) }
}

/** For a user who is deleted. */
export async function holderRemovals(
  em: EntityManager,
  organizationId: string,
  userId: string,
): Promise<EntityKey[]> {
  const found = await em.execute<object[]>(
    `select id from config_entities where org_id = ? and kind = 'token_holder' and id = ?`,
    [organizationId, userId],
  )
  return found.length === 0 ? [] : [keyOf({ kind: 'token_holder', id: userId })]
}

/** The keys that were chosen, by the users that have one. */
export async function readDefaultKeyIds(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (userIds.length === 0) return new Map()
  const places = userIds.map(() => '?').join(', ')
  const rows = await em.execute<{ holder: string; key: string }[]>(
    `select user_id as holder, virtual_key_id as key from default_virtual_keys where org_id = ? and user_id in (${places})`,
    [organizationId, ...userIds],
  )
  return new Map(rows.map(({ holder, key }) => [holder, key]))
}
