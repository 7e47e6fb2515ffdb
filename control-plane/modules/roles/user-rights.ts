import type { EntityManager } from '@mikro-orm/postgresql'
import { allPermissions } from '../../../contract/permissions.ts'
import { type Rights, rowScopes } from '../../rights.ts'
import { type HeldRights, readHeldRights } from './assignments.ts'
import { readRoleGraph, rolesInUse, withInherited } from './graph.ts'
import { type HeldShare, isGeneral, shareOf } from './token-rights.ts'

export interface UserRights extends HeldShare {
  /** The role that reaches the furthest, of those that allow the most. */
  readonly roleId: string
}

/**
 * What a user who signed in may do at this time. One role says where and on whose rows: the one that allows the most. To its
 * permissions come those of every other role that reaches at least as far.
 *
 * @returns undefined when they have no role for more than single objects
 */
export async function readUserRights(
  em: EntityManager,
  userId: string,
  now: number,
): Promise<UserRights | undefined> {
  const graph = await readRoleGraph(em)
  const held = await readHeldRights(em, graph, userId, now)
  const most = reachOfUser(held)
  if (!most) return undefined
  const roles = () =>
    rolesInUse(
      graph,
      held.map(({ roleId }) => roleId),
    )
  return { roleId: most.roleId, roles, ...shareOf(most.reach, held, null) }
}

/** Every role of somebody at this time: the one that they act by, those of the user, and what they all inherit from. */
export async function readRoleIds(
  em: EntityManager,
  { roleId, userId }: { readonly roleId: string; readonly userId: string | null },
  now: number,
): Promise<ReadonlySet<string>> {
  const graph = await readRoleGraph(em)
  const held = userId === null ? [] : await readHeldRights(em, graph, userId, now)
  return withInherited(graph, [roleId, ...held.map((one) => one.roleId)])
}

/** The role that says where and on whose rows a user acts who signed in, and what could be done there. */
export function reachOfUser(held: readonly HeldRights[]): { roleId: string; reach: Rights } | undefined {
  const [first] = held.filter(isGeneral).toSorted(byRank)
  if (!first) return undefined
  return { roleId: first.roleId, reach: { ...first.rights, permissions: new Set(allPermissions) } }
}

/** The same order whatever the database's. */
function byRank(one: HeldRights, other: HeldRights): number {
  return (
    other.rights.permissions.size - one.rights.permissions.size ||
    breadth(other.rights) - breadth(one.rights) ||
    (one.roleId < other.roleId ? -1 : 1)
  )
}

function breadth({ workspaceIds, rowScope }: Rights): number {
  return (workspaceIds === null ? rowScopes.length : 0) + rowScopes.indexOf(rowScope)
}
