import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { Clock } from '../../service-context.ts'
import { type GivenSource, MembershipEntity } from './entity.ts'
import { addMembership, endMembership } from './service.ts'

/**
 * Makes these the teams that a source says a user is of, in the caller's transaction. What another source says stays.
 * [S0-06]
 *
 * @throws NotFound
 */
export async function syncTeams(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  { userId, source, teamIds }: SyncedTeams,
): Promise<void> {
  for (const teamId of teamIds) await addMembership(clock, em, actor, { userId, teamId }, source)
  const present = await em.find(MembershipEntity, { userId, source, teamId: { $ne: null } })
  for (const membership of present) {
    if (membership.teamId === null || teamIds.includes(membership.teamId)) continue
    await endMembership(clock, em, actor, membership)
  }
}

export interface SyncedTeams {
  readonly userId: string
  readonly source: GivenSource
  readonly teamIds: readonly string[]
}
