import type { EntityManager } from '@mikro-orm/postgresql'
import { MembershipEntity } from './entity.ts'

export { type Membership, MembershipEntity } from './entity.ts'

/** The teams of which somebody made these users members, beside the one that their calls are charged to. */
export async function readGivenTeamIds(
  em: EntityManager,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ofUsers = { userId: { $in: [...userIds] }, teamId: { $ne: null }, source: { $ne: 'home' as const } }
  const given = new Map<string, Set<string>>()
  for (const { userId, teamId } of await em.find(MembershipEntity, ofUsers)) {
    if (teamId !== null) given.set(userId, (given.get(userId) ?? new Set()).add(teamId))
  }
  return new Map([...given].map(([userId, teamIds]) => [userId, [...teamIds]]))
}

/** Every team that a user is of, for whatever reason. */
export async function readTeamIds(em: EntityManager, userId: string): Promise<string[]> {
  const memberships = await em.find(MembershipEntity, { userId, teamId: { $ne: null } })
  return [...new Set(memberships.flatMap(({ teamId }) => teamId ?? []))]
}
