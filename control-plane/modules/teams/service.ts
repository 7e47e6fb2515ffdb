import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type Team, TeamEntity } from './entity.ts'
import { placeTeam } from './placement.ts'
import { teamSnapshot } from './snapshot.ts'

export interface CreateTeam {
  readonly workspaceId: string
  readonly customerId?: string | null | undefined
  readonly businessUnitId?: string | null | undefined
  readonly name: string
}

export interface UpdateTeam extends ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  /** Null takes the team out of its customer; left out, it stays where it is. */
  readonly customerId?: string | null | undefined
  readonly businessUnitId?: string | null | undefined
}

/** @throws NotFound, NameTaken */
export function createTeam(context: ServiceContext, actor: Actor, input: CreateTeam): Promise<Team> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const workspace = await requireWorkspace(em, actor, 'teams:create', input.workspaceId)
    const team = em.create(TeamEntity, {
      id: newId('team'),
      organizationId: actor.organizationId,
      workspaceId: workspace.id,
      ...(await placeTeam(em, workspace.id, input)),
      name,
      createdAt: new Date(context.now()),
    })
    await recordChange(context, em, actor, describe('team.created', team), { upserts: [teamSnapshot(team)] })
    return team
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, NameTaken */
export function updateTeam(context: ServiceContext, actor: Actor, input: UpdateTeam): Promise<Team> {
  const name = input.name == null ? undefined : checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const team = await lockRow(em, TeamEntity, 'team', input.id, input)
    actor.require('teams:update', team)
    if (input.customerId !== undefined || input.businessUnitId !== undefined) {
      Object.assign(team, await placeTeam(em, team.workspaceId, input))
    }
    if (name !== undefined) team.name = name
    await recordChange(context, em, actor, describe('team.updated', team), { upserts: [teamSnapshot(team)] })
    return team
  })
  return refuseViolations(nameTaken(name ?? ''), work)
}

/** @throws NotFound, InUse */
export function deleteTeam(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  const work = transactionOf(context, actor, async (em) => {
    const team = await lockRow(em, TeamEntity, 'team', id)
    actor.require('teams:delete', team)
    const policies = await deleteOwnedPolicies(em, actor.organizationId, [{ kind: 'team', id }])
    em.remove(team)
    await recordChange(context, em, actor, describe('team.deleted', team), {
      upserts: [],
      removals: [...policies, keyOf(teamSnapshot(team))],
    })
    return { id }
  })
  return refuseViolations({ referenced: () => new InUse('team', 'members or virtual keys') }, work)
}

const nameTaken = (name: string) => ({ unique: { teams_name_key: () => new NameTaken('team', name) } })

function describe(type: string, { id, workspaceId, customerId, businessUnitId, name }: Team) {
  return { type, subject: { kind: 'team', id }, workspaceId, details: { name, customerId, businessUnitId } }
}
