import type { EntityManager } from '@mikro-orm/postgresql'
import { NotFound } from '../../graphql/refusals.ts'
import { CustomerEntity } from '../customers/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { UserEntity } from '../users/index.ts'
import type { VirtualKey } from './entity.ts'

/** Whom the calls of a key are charged to: exactly one of them. */
export interface OwnerInput {
  readonly customerId?: string | null | undefined
  readonly teamId?: string | null | undefined
  readonly userId?: string | null | undefined
}

export type OwnerColumns = Pick<VirtualKey, 'customerId' | 'teamId' | 'userId'>

/**
 * The owner of a key that lives in this workspace. A user belongs to the organization and may own keys anywhere.
 *
 * @throws NotFound when there is none in the workspace, or none that the actor may see.
 */
export async function requireOwner(
  em: EntityManager,
  workspaceId: string,
  input: OwnerInput,
): Promise<OwnerColumns> {
  const { customerId = null, teamId = null, userId = null } = input
  if (customerId !== null && !(await em.count(CustomerEntity, { id: customerId, workspaceId }))) {
    throw new NotFound('customer', customerId)
  }
  if (teamId !== null && !(await em.count(TeamEntity, { id: teamId, workspaceId }))) {
    throw new NotFound('team', teamId)
  }
  if (userId !== null && !(await em.count(UserEntity, { id: userId }))) throw new NotFound('user', userId)
  return { customerId, teamId, userId }
}
