import { type FilterQuery, LockMode, raw } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { User as UserDocument } from '../../../contract/configuration/entities.ts'
import { type User, UserEntity } from './entity.ts'
import { userSnapshot } from './snapshot.ts'

/**
 * Access rules name providers: those that name a renamed one go on meaning it. Patterns stay as they are.
 *
 * @returns what data planes have to know.
 */
export async function followRenamedProvider(
  em: EntityManager,
  before: string,
  after: string,
): Promise<UserDocument[]> {
  const naming = 'allowed_providers @> to_jsonb(?::text) or denied_providers @> to_jsonb(?::text)'
  const users = await em.find(
    UserEntity,
    { [raw(`(${naming})`, [before, before])]: [] } as FilterQuery<User>,
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  )
  const renamed = (names: readonly string[]) => [
    ...new Set(names.map((name) => (name === before ? after : name))),
  ]
  for (const user of users) {
    user.allowedProviders = renamed(user.allowedProviders)
    user.deniedProviders = renamed(user.deniedProviders)
  }
  return users.map(userSnapshot)
}
