import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { NotFound } from '../../graphql/refusals.ts'
import type { Clock } from '../../service-context.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { lockUsers } from '../users/index.ts'
import { type GivenSource, type Membership, MembershipEntity } from './entity.ts'
import { createMembership, type Placed, recordMemberships } from './service.ts'

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
  const wanted = [...teamsOf].flatMap(([userId, teamIds]) => teamIds.map((teamId) => ({ userId, teamId })))
  const present = await lockPresent(em, source, [...teamsOf.keys()])
  const missing = missingOf(wanted, present)
  const teams = await em.find(TeamEntity, { id: { $in: placesOf(missing) } })
  const names = new Set(wanted.map(nameOf))
  await recordMemberships(clock, em, actor, {
    added: located('team', missing, teams).map((fields) =>
      createMembership(clock, em, actor, { ...fields, source }),
    ),
    ended: present.filter((membership) => membership.teamId !== null && !names.has(nameOf(membership))),
  })
}

/**
 * Makes users members of business units because a source says so, in the caller's transaction. What it said before stays,
 * whether or not it says so still. [X0-09]
 *
 * @throws NotFound
 */
export async function addToBusinessUnits(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  source: GivenSource,
  wanted: readonly { readonly userId: string; readonly businessUnitId: string }[],
): Promise<void> {
  if (wanted.length === 0) return
  const userIds = [...new Set(wanted.map(({ userId }) => userId))]
  const present = await lockPresent(em, source, userIds)
  const missing = missingOf(wanted, present)
  const units = await em.find(BusinessUnitEntity, { id: { $in: placesOf(missing) } })
  await recordMemberships(clock, em, actor, {
    added: located('business unit', missing, units).map((fields) =>
      createMembership(clock, em, actor, { ...fields, source }),
    ),
  })
}

async function lockPresent(
  em: EntityManager,
  source: GivenSource,
  userIds: readonly string[],
): Promise<readonly Membership[]> {
  await lockUsers(em, [...userIds])
  return em.find(MembershipEntity, { userId: { $in: [...userIds] }, source })
}

/** Those of the wanted that there are not yet, each once. */
function missingOf<Wanted extends Placed>(
  wanted: readonly Wanted[],
  present: readonly Membership[],
): readonly Wanted[] {
  const held = new Set(present.map(nameOf))
  const once = new Map(wanted.map((placed) => [nameOf(placed), placed]))
  return [...once].flatMap(([name, placed]) => (held.has(name) ? [] : placed))
}

/** @throws NotFound */
function located(
  what: string,
  missing: readonly Placed[],
  places: readonly { readonly id: string; readonly workspaceId: string }[],
) {
  const workspaceIds = new Map(places.map(({ id, workspaceId }) => [id, workspaceId]))
  return missing.map((placed) => {
    const workspaceId = workspaceIds.get(placeOf(placed))
    if (workspaceId === undefined) throw new NotFound(what, placeOf(placed))
    return { ...placed, workspaceId }
  })
}

const placeOf = ({ teamId, businessUnitId }: Placed): string => teamId ?? businessUnitId ?? ''
const placesOf = (all: readonly Placed[]): string[] => [...new Set(all.map(placeOf))]
const nameOf = (placed: Placed): string => `${placed.userId} ${placeOf(placed)}`
