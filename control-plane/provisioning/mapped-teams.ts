import type { EntityManager } from '@mikro-orm/postgresql'
import { BadUserInput } from '../graphql/errors.ts'
import { checkName } from '../input.ts'
import type { IdentityProvider, UserIdentity } from '../modules/identity-providers/index.ts'
import { syncTeams } from '../modules/memberships/sync.ts'
import { TeamEntity } from '../modules/teams/index.ts'
import { createTeam } from '../modules/teams/service.ts'
import type { Claims } from '../sign-in/claims.ts'
import { mapTeams } from '../sign-in/role-mapping.ts'
import { lock } from './lock.ts'
import type { KnownPerson, Provisioning } from './provision-user.ts'

/**
 * Makes each a member of the teams that the provider's claims name, creates those that there are not yet, and ends what
 * its claims said before. A claim that is missing says nothing; an empty one ends all. [S0-06, S1-13]
 */
export async function keepTeams(provisioning: Provisioning, people: readonly KnownPerson[]): Promise<void> {
  const { context, em, actor, provider } = provisioning
  const { teamWorkspaceId: workspaceId } = provider
  if (provider.teamRules.length === 0 || workspaceId === null) return
  const told = new Map<string, readonly string[]>()
  for (const { identity, claims } of people) {
    const names = toldNames(provisioning, identity, claims)
    if (names) told.set(identity.userId, names)
  }
  const teams = await findOrCreateTeams(provisioning, workspaceId, new Set([...told.values()].flat()))
  const teamsOf = [...told].map(
    ([userId, names]) => [userId, names.flatMap((name) => teams.get(name) ?? [])] as const,
  )
  await syncTeams(context, em, actor, 'idp', new Map(teamsOf))
}

function toldNames(
  { context: { log }, provider }: Provisioning,
  { userId }: UserIdentity,
  claims: Claims,
): readonly string[] | null {
  const told = teamNamesFor(provider, claims)
  if (!told) {
    log.warn({ providerId: provider.id, userId }, 'no claim that names teams: memberships stay')
    return null
  }
  const { usable, leftOut } = told
  if (leftOut > 0) {
    log.warn({ providerId: provider.id, userId, leftOut }, 'claims are no names that a team can have')
  }
  return usable
}

/** The teams of whoever has these claims; null where they say nothing of teams, so that memberships stay. */
export function teamNamesFor(
  { teamRules, teamWorkspaceId }: IdentityProvider,
  claims: Claims,
): { readonly usable: readonly string[]; readonly leftOut: number } | null {
  if (teamRules.length === 0 || teamWorkspaceId === null) return null
  const { names, isClaimPresent } = mapTeams(claims, teamRules)
  if (!isClaimPresent) return null
  const usable = names.filter(isTeamName)
  return { usable, leftOut: names.length - usable.length }
}

/** Of two people who bring the same group first, the later one finds the team of the earlier one. */
async function findOrCreateTeams(
  { context, em, actor }: Provisioning,
  workspaceId: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const known = await readTeams(em, workspaceId, names)
  if (known.size === names.size) return known
  await lock(em, `teams of ${workspaceId}`)
  const teams = new Map(await readTeams(em, workspaceId, names))
  for (const name of names) {
    if (!teams.has(name)) teams.set(name, (await createTeam(context, actor, { workspaceId, name })).id)
  }
  return teams
}

/** @returns their ids, by their names */
async function readTeams(
  em: EntityManager,
  workspaceId: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  if (names.size === 0) return new Map()
  const teams = await em.find(TeamEntity, { workspaceId, name: { $in: [...names] } })
  return new Map(teams.map(({ name, id }) => [name, id]))
}

/** Whoever has a group of an odd name at the provider signs in all the same. */
function isTeamName(name: string): boolean {
  try {
    checkName('team', name)
    return true
  } catch (error) {
    if (error instanceof BadUserInput) return false
    throw error
  }
}
