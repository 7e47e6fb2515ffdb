import type { EntityManager } from '@mikro-orm/postgresql'
import { MembershipEntity } from './entity.ts'

export { type Membership, MembershipEntity } from './entity.ts'

/** Every team that a user is of, for whatever reason. */
export async function readTeamIds(em: EntityManager, userId: string): Promise<string[]> {
  const memberships = await em.find(MembershipEntity, { userId, teamId: { $ne: null } })
  return [...new Set(memberships.flatMap(({ teamId }) => teamId ?? []))]
}
