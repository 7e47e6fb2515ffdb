import type { EntityManager } from '@mikro-orm/postgresql'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'

/**
 * Of rows `other` of user_identities, while a directory of this provider's id is followed: its provider stands by them. One
 * that is disabled lets nobody in, and nobody reads its directory: whoever left it long ago would be kept for good.
 */
const isStoodBy = `other.decommissioned_at is null and exists (
    select from identity_providers provider where provider.org_id = other.org_id and provider.id = other.provider_id
      and (provider.enabled or provider.id = ?))`

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
