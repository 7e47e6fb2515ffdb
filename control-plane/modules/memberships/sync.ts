import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { NotFound } from '../../graphql/refusals.ts'
import type { Clock } from '../../service-context.ts'
import { TeamEntity } from '../teams/index.ts'
import { lockUsers } from '../users/index.ts'
import { type GivenSource, MembershipEntity } from './entity.ts'
import { createMembership, recordMemberships } from './service.ts'

/**
 * Makes these the teams that a source says users are of, in the caller's transaction. What another source says stays.
 * [S0-06]
 *
 * @param teamsOf the ids of the teams, by the users' ids
 * @throws NotFound
 */
export async function syncTeams(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  source: GivenSource,
  teamsOf: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  if (teamsOf.size === 0) return
  const userIds = [...teamsOf.keys()]
  await lockUsers(em, userIds)
  const places = await readPlaces(em, [...teamsOf.values()].flat())
  const present = await em.find(MembershipEntity, {
    ...{ userId: { $in: userIds }, source },
    teamId: { $ne: null },
  })
  const nameOf = (userId: string, teamId: string | null) => `${userId} ${teamId}`
  const held = new Set(present.map(({ userId, teamId }) => nameOf(userId, teamId)))
  const wanted = [...teamsOf].flatMap(([userId, teamIds]) =>
    [...new Set(teamIds)].map((teamId) => ({ userId, teamId, source, ...places(teamId) })),
  )
  const names = new Set(wanted.map(({ userId, teamId }) => nameOf(userId, teamId)))
  await recordMemberships(clock, em, actor, {
    added: wanted
      .filter(({ userId, teamId }) => !held.has(nameOf(userId, teamId)))
      .map((fields) => createMembership(clock, em, actor, fields)),
    ended: present.filter(({ userId, teamId }) => !names.has(nameOf(userId, teamId))),
  })
}

/** Where teams are, by their ids. What it returns throws NotFound for a team that there is not. */
async function readPlaces(em: EntityManager, teamIds: readonly string[]) {
  const teams = await em.find(TeamEntity, { id: { $in: [...new Set(teamIds)] } })
  const workspaceIds = new Map(teams.map(({ id, workspaceId }) => [id, workspaceId]))
  return (teamId: string) => {
    const workspaceId = workspaceIds.get(teamId)
    if (workspaceId === undefined) throw new NotFound('team', teamId)
    return { workspaceId }
  }
}
