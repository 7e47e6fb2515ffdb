import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { withEverybodysRows } from '../../db/everybodys-rows.ts'
import { requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import type { ServiceContext } from '../../service-context.ts'
import { issueFollower, renewFollower } from '../access-profiles/index.ts'
import { TeamEntity } from '../teams/index.ts'
import type { User } from '../users/index.ts'
import { endKey, type IssuedKey, lockKeys } from '../virtual-keys/index.ts'
import { WorkspaceEntity } from '../workspaces/index.ts'
import type { RoleAssignment } from './entity.ts'
import type { RoleNode } from './graph.ts'

/*
 * A role may bring a virtual key along for everybody who gets it: charged to them, following the role's access profile
 * with counters of its own, and ending with the role. One that they get for a single object brings none. [X0-29]
 */

interface Assigned {
  readonly assignment: RoleAssignment
  readonly role: RoleNode
  readonly user: User
}

const longestName = 128

/**
 * Issues the key of a new assignment, or lets the one that is there live as long as the assignment.
 *
 * @returns what was issued, with its secret.
 * @throws NotFound, Forbidden, BadUserInput when it is not clear where the key is to live.
 */
export async function keepRoleKey(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  { assignment, role, user }: Assigned,
  workspaceId: string | null | undefined,
): Promise<IssuedKey | undefined> {
  const { virtualKeyId, expiresAt } = assignment
  if (workspaceId != null) await requireRow(em, WorkspaceEntity, 'workspace', workspaceId)
  if (virtualKeyId !== null) {
    await renewFollower(context, actor, em, virtualKeyId, expiresAt)
    return undefined
  }
  if (role.accessProfileId === null || assignment.objectId !== null) {
    if (workspaceId == null) return undefined
    throw new BadUserInput(
      'workspaceId',
      'is for a role that brings a virtual key along, and for no single object: leave it out',
    )
  }
  const follower = {
    accessProfileId: role.accessProfileId,
    workspaceId: await workspaceOf(em, role, user, workspaceId),
    name: `${role.name} of ${user.email ?? user.name}`.slice(0, longestName).toWellFormed().trim(),
    owner: { userId: user.id },
  }
  const issued = await issueFollower(context, actor, em, follower, expiresAt)
  assignment.virtualKeyId = issued.virtualKey.id
  return issued
}

/** Whoever may take the role away needs no other permission, and not to see the key: what came with it goes with it. */
export async function endRoleKey(
  context: ServiceContext,
  actor: Actor,
  em: EntityManager,
  { virtualKeyId }: RoleAssignment,
): Promise<void> {
  if (virtualKeyId === null) return
  await withEverybodysRows(em, async () => {
    for (const key of await lockKeys(em, { id: virtualKeyId }, 1)) await endKey(context, em, actor, key)
  })
}

async function workspaceOf(
  em: EntityManager,
  { workspaceIds }: RoleNode,
  { teamId }: User,
  wanted: string | null | undefined,
): Promise<string> {
  const reached = (id: string) => workspaceIds === null || workspaceIds.includes(id)
  if (wanted != null) {
    if (reached(wanted)) return wanted
    throw new BadUserInput('workspaceId', 'is none that the role reaches')
  }
  const team = teamId === null ? null : await em.findOne(TeamEntity, { id: teamId })
  if (team && reached(team.workspaceId)) return team.workspaceId
  const all = await em.find(WorkspaceEntity, {})
  const [only, ...others] = all.filter(({ id }) => reached(id))
  if (only && others.length === 0) return only.id
  throw new BadUserInput(
    'workspaceId',
    'is needed: the role brings a virtual key along, which could live in several workspaces or in none',
  )
}
