import type { EntityManager } from '@mikro-orm/postgresql'
import { type EntityKey, keyOf, type TokenHolder } from '../../../contract/configuration/entities.ts'
import { subjectDigest } from '../../../contract/subject-digest.ts'
import type { ConfigurationChange } from '../../publisher/revision.ts'
import { readOwnEpochs } from '../../sessions/session-epochs.ts'
import { readGivenTeamIds } from '../memberships/index.ts'

/** What data planes are to know now of what users' tokens entitle to; nothing for a user of whom there is nothing to say. */
export async function holderChange(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ConfigurationChange> {
  if (userIds.length === 0) return { upserts: [] }
  await em.flush()
  return changeOf(em, organizationId, userIds)
}

/** As {@link holderChange}, of everybody whom an identity provider knows, who stays linked until the transaction ends. */
export async function holdersChange(
  em: EntityManager,
  organizationId: string,
  identityProviderId: string,
): Promise<ConfigurationChange> {
  await em.flush()
  const people = await em.execute<{ userId: string }[]>(
    `select user_id as "userId" from user_identities where org_id = ? and provider_id = ? order by id for share`,
    [organizationId, identityProviderId],
  )
  return changeOf(em, organizationId, [...new Set(people.map(({ userId }) => userId))])
}

/** As {@link holderChange}, when issuers name people as this identity provider does; else data planes know nothing of it. */
export async function identityChange(
  em: EntityManager,
  { organizationId, id: providerId }: { readonly organizationId: string; readonly id: string },
  userIds: readonly string[],
): Promise<ConfigurationChange | undefined> {
  if (userIds.length === 0) return undefined
  await em.flush()
  const issuers = await em.execute<object[]>(
    'select id from jwt_providers where org_id = ? and identity_provider_id = ? limit 1',
    [organizationId, providerId],
  )
  return issuers.length === 0 ? undefined : changeOf(em, organizationId, userIds)
}

async function changeOf(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ConfigurationChange> {
  const defaultKeyIds = await readDefaultKeyIds(em, organizationId, userIds)
  const teamIds = await readGivenTeamIds(em, userIds)
  const subjects = await readSubjects(em, organizationId, userIds)
  const epochs = await readOwnEpochs(em, organizationId, userIds)
  const holders = userIds.map((id): TokenHolder => {
    const defaultVirtualKeyId = defaultKeyIds.get(id) ?? null
    const teams = (teamIds.get(id) ?? []).toSorted()
    const notBefore = epochs.get(id)
    return {
      ...{ kind: 'token_holder', id, advisory: true, defaultVirtualKeyId, teamIds: teams },
      subjects: (subjects.get(id) ?? []).toSorted(),
      ...(notBefore !== undefined && { notBefore }),
    }
  })
  const silent = holders.filter(saysNothing).map(({ id }) => id)
  return {
    upserts: holders.filter((holder) => !saysNothing(holder)),
    removals: await holderRemovals(em, organizationId, silent),
  }
}

function saysNothing({ defaultVirtualKeyId, teamIds, subjects, notBefore }: TokenHolder): boolean {
  const isEmpty = teamIds.length === 0 && subjects.length === 0
  return isEmpty && defaultVirtualKeyId === null && notBefore === undefined
}

/** How issuers name these users: as the identity provider does that each issuer is linked to, as long as it has them. */
async function readSubjects(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await em.execute<{ userId: string; issuerId: string; subject: string }[]>(
    `select identity.user_id as "userId", jwt.id as "issuerId", identity.subject
     from user_identities identity join jwt_providers jwt
       on jwt.org_id = identity.org_id and jwt.identity_provider_id = identity.provider_id
     where identity.org_id = ? and identity.decommissioned_at is null
       and identity.user_id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(userIds)],
  )
  const byUser = Map.groupBy(rows, ({ userId }) => userId)
  return new Map(
    [...byUser].map(([userId, ofUser]) => [
      userId,
      ofUser.map(({ issuerId, subject }) => subjectDigest(issuerId, subject)),
    ]),
  )
}

/** For users of whom there is nothing to say. */
export async function holderRemovals(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<EntityKey[]> {
  if (userIds.length === 0) return []
  const found = await em.execute<{ id: string }[]>(
    `select id from config_entities where org_id = ? and kind = 'token_holder'
     and id in (select jsonb_array_elements_text(?::jsonb)) order by id`,
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
  const rows = await em.execute<{ holder: string; key: string }[]>(
    `select user_id as holder, virtual_key_id as key from default_virtual_keys
     where org_id = ? and user_id in (select jsonb_array_elements_text(?::jsonb))`,
    [organizationId, JSON.stringify(userIds)],
  )
  return new Map(rows.map(({ holder, key }) => [holder, key]))
}
