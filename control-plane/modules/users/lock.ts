import type { EntityManager } from '@mikro-orm/postgresql'
import { lockRow } from '../../db/require-row.ts'
import { type User, UserEntity } from './entity.ts'

/** The user, to be changed in the caller's transaction. @throws NotFound */
export function lockUser(em: EntityManager, id: string): Promise<User> {
  return lockRow(em, UserEntity, 'user', id)
}
