import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf, type TokenHolder } from '../../../contract/configuration/entities.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { readGivenTeamIds } from '../memberships/index.ts'

/** What data planes are to know now of what users' tokens entitle to; nothing for a user of whom there is nothing to say. */
export async function holderChange(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ConfigurationChange> {
  if (userIds.length === 0) return { upserts: [] }
  await em.flush()
  const defaultKeyIds = await readDefaultKeyIds(em, organizationId, userIds)
  const teamIds = await readGivenTeamIds(em, userIds)
  const holders = userIds.map(
    (id): TokenHolder => ({
      ...{ kind: 'token_holder', id, advisory: true, subjects: [] },
      defaultVirtualKeyId: defaultKeyIds.get(id) ?? null,
      teamIds: (teamIds.get(id) ?? []).toSorted(),
    }),
  )
  const silent = holders.filter(saysNothing).map(({ id }) => id)
  return {
    upserts: holders.filter((holder) => !saysNothing(holder)),
    removals: await holderRemovals(em, organizationId, silent),
  }
}

function saysNothing({ defaultVirtualKeyId, teamIds, subjects }: TokenHolder): boolean {
  return defaultVirtualKeyId === null && teamIds.length === 0 && subjects.length === 0
}

/** For users who are deleted. */
export async function holderRemovals(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<EntityKey[]> {
  if (userIds.length === 0) return []
  const found = await em.execute<{ id: string }[]>(
    `select id from config_entities where org_id = ? and kind = 'token_holder'
     and id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(userIds)],
  )
  return found.map(({ id }) => keyOf({ kind: 'token_holder', id }))
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
