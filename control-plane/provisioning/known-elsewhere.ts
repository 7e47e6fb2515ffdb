import type { EntityManager } from '@mikro-orm/postgresql'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'

/**
 * Of rows `other` of user_identities, while a directory of this provider's id is followed: its provider stands by them. One
 * that is disabled lets nobody in, and nobody reads its directory: whoever left it long ago would be kept for good.
 */
const isStoodBy = `other.decommissioned_at is null and exists (
    select from identity_providers provider where provider.org_id = other.org_id and provider.id = other.provider_id
      and (provider.enabled or provider.id = ?))`

/** Of rows `page` of user_identities; takes the provider's id. */
export const isKnownElsewhere = `exists (
    select from user_identities other
    where other.org_id = page.org_id and other.user_id = page.user_id and other.id <> page.id and ${isStoodBy})`

/** Of rows `person` of users. */
const isGoneAnywhere = `exists (
    select from user_identities gone
    where gone.org_id = person.org_id and gone.user_id = person.id and gone.decommissioned_at is not null)`

/** Of rows `person` of users. Whoever switches somebody off by hand takes back that a directory did. */
export const isSwitchedOffByHand = `(not person.active and not ${isGoneAnywhere})`

/** Who of these users stays what they are by another identity, as those that are decommissioned now are written already. */
export async function readKnownElsewhere(
  em: EntityManager,
  { organizationId, id }: IdentityProvider,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = await em.execute<{ userId: string }[]>(
    `select distinct other.user_id as "userId" from user_identities other
     where other.org_id = ? and other.user_id in (select jsonb_array_elements_text(?::jsonb)) and ${isStoodBy}`,
    [organizationId, JSON.stringify(userIds), id],
  )
  return new Set(known.map(({ userId }) => userId))
}

/** Who of these users is off because a directory, of whatever provider, had them no more. */
export const readSwitchedOffByDirectories = usersWho(`not person.active and ${isGoneAnywhere}`)

/** Who of these users, whose rows are locked, is off because somebody switched them off by hand. */
export const readSwitchedOffByHand = usersWho(isSwitchedOffByHand)

function usersWho(condition: string) {
  return async (
    em: EntityManager,
    { organizationId }: IdentityProvider,
    userIds: readonly string[],
  ): Promise<ReadonlySet<string>> => {
    const found = await em.execute<{ id: string }[]>(
      `select person.id from users person where person.org_id = ?
         and person.id in (select jsonb_array_elements_text(?::jsonb)) and ${condition}`,
      [organizationId, JSON.stringify(userIds)],
    )
    return new Set(found.map(({ id }) => id))
  }
}
