import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { NotFound } from '../../graphql/refusals.ts'
import { type User, UserEntity } from './entity.ts'

/** The users of these ids, to be changed in the caller's transaction. @throws NotFound */
export async function lockUsers(
  em: EntityManager,
  ids: readonly string[],
): Promise<ReadonlyMap<string, User>> {
  const users = await em.find(
    UserEntity,
    { id: { $in: [...new Set(ids)] } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
  )
  const found = new Map(users.map((user) => [user.id, user]))
  for (const id of ids) if (!found.has(id)) throw new NotFound('user', id)
  return found
}
