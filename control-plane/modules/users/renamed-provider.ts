import type { EntityManager } from '@mikro-orm/postgresql'
import type { User as UserDocument } from '../../../contract/configuration/entities.ts'
import { UserEntity } from './entity.ts'
import { userSnapshot } from './snapshot.ts'

/**
 * Access rules name providers: those that name a renamed one go on meaning it. Patterns stay as they are.
 *
 * @returns what data planes have to know.
 */
export async function followRenamedProvider(
  em: EntityManager,
  organizationId: string,
  before: string,
  after: string,
): Promise<UserDocument[]> {
  // Whoever issues a key refers to its user and then to its provider, which is locked already: no wait for them.
  const locked = await em.execute<{ id: string }[]>(
    `select id from users
     where org_id = ? and (allowed_providers @> to_jsonb(?::text) or denied_providers @> to_jsonb(?::text))
     order by id for no key update`,
    [organizationId, before, before],
  )
  if (locked.length === 0) return []
  const users = await em.find(UserEntity, { id: { $in: locked.map(({ id }) => id) } })
  const renamed = (names: readonly string[]) => [
    ...new Set(names.map((name) => (name === before ? after : name))),
  ]
  for (const user of users) {
    user.allowedProviders = renamed(user.allowedProviders)
    user.deniedProviders = renamed(user.deniedProviders)
  }
  return users.map(userSnapshot)
}
