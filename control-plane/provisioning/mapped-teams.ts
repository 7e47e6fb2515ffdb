import { syncTeams } from '../modules/memberships/sync.ts'
import { TeamEntity } from '../modules/teams/index.ts'
import { createTeam } from '../modules/teams/service.ts'
import { mapTeams } from '../sign-in/role-mapping.ts'
import type { Provisioning } from './provision-user.ts'

/**
 * Makes the user a member of the teams that the provider's claims name, creates those that there are not yet, and ends what
 * its claims said before. A claim that is missing says nothing; an empty one ends all. [S0-06, S1-13]
 */
export async function keepTeams(
  { context, em, actor, provider, claims }: Provisioning,
  userId: string,
): Promise<void> {
  const { teamRules, teamWorkspaceId: workspaceId } = provider
  if (teamRules.length === 0 || workspaceId === null) return
  const { names, isClaimPresent } = mapTeams(claims, teamRules)
  if (!isClaimPresent) {
    context.log.warn({ providerId: provider.id, userId }, 'no claim that names teams: memberships stay')
    return
  }
  const teamIds: string[] = []
  for (const name of names) {
    const team = await em.findOne(TeamEntity, { workspaceId, name })
    teamIds.push((team ?? (await createTeam(context, actor, { workspaceId, name }))).id)
  }
  await syncTeams(context, em, actor, { userId, source: 'idp', teamIds })
}
