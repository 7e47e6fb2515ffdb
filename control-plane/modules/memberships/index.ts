import type { EntityManager } from '@mikro-orm/postgresql'
import { MembershipEntity } from './entity.ts'

export { type Membership, MembershipEntity } from './entity.ts'

/** The teams of which somebody made a user a member, beside the one that their calls are charged to. */
export async function readGivenTeamIds(em: EntityManager, userId: string): Promise<string[]> {
  const given = await em.find(MembershipEntity, { userId, teamId: { $ne: null }, source: { $ne: 'home' } })
  return [...new Set(given.flatMap(({ teamId }) => teamId ?? []))]
}

/** Every team that a user is of, for whatever reason. */
export async function readTeamIds(em: EntityManager, userId: string): Promise<string[]> {
  const memberships = await em.find(MembershipEntity, { userId, teamId: { $ne: null } })
  return [...new Set(memberships.flatMap(({ teamId }) => teamId ?? []))]
}
