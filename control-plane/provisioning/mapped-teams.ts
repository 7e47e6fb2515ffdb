import { BadUserInput } from '../graphql/errors.ts'
import { checkName } from '../input.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import { syncTeams } from '../modules/memberships/sync.ts'
import { TeamEntity } from '../modules/teams/index.ts'
import { createTeam } from '../modules/teams/service.ts'
import type { Claims } from '../sign-in/claims.ts'
import { mapTeams } from '../sign-in/role-mapping.ts'
import { lock } from './lock.ts'
import type { Provisioning } from './provision-user.ts'

/**
 * Makes the user a member of the teams that the provider's claims name, creates those that there are not yet, and ends what
 * its claims said before. A claim that is missing says nothing; an empty one ends all. [S0-06, S1-13]
 */
export async function keepTeams(provisioning: Provisioning, userId: string): Promise<void> {
  const { context, em, actor, provider, claims } = provisioning
  const { teamWorkspaceId: workspaceId } = provider
  if (provider.teamRules.length === 0 || workspaceId === null) return
  const told = teamNamesFor(provider, claims)
  if (!told) {
    context.log.warn({ providerId: provider.id, userId }, 'no claim that names teams: memberships stay')
    return
  }
  const { usable, leftOut } = told
  if (leftOut > 0) {
    context.log.warn({ providerId: provider.id, userId, leftOut }, 'claims are no names that a team can have')
  }
  const teamIds: string[] = []
  for (const name of usable) teamIds.push(await findOrCreateTeam(provisioning, workspaceId, name))
  await syncTeams(context, em, actor, { userId, source: 'idp', teamIds })
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
async function findOrCreateTeam(
  { context, em, actor }: Provisioning,
  workspaceId: string,
  name: string,
): Promise<string> {
  const known = await em.findOne(TeamEntity, { workspaceId, name })
  if (known) return known.id
  await lock(em, `teams of ${workspaceId}`)
  const team = await em.findOne(TeamEntity, { workspaceId, name })
  return (team ?? (await createTeam(context, actor, { workspaceId, name }))).id
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
