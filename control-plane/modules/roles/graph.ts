import type { EntityManager } from '@mikro-orm/postgresql'
import {
  allPermissions,
  type Permission,
  type SystemRole,
  systemRoles,
} from '../../../contract/permissions.ts'
import type { Rights } from '../../rights.ts'
import type { RoleInUse } from '../mfa/index.ts'
import { type Role, RoleEntity } from './entity.ts'
import { RoleCycle, RoleTooDeep } from './errors.ts'

/** What of a role decides about rights, and which key it brings along. */
export type RoleNode = Pick<
  Role,
  | 'id'
  | 'name'
  | 'system'
  | 'permissions'
  | 'withheldPermissions'
  | 'inheritedRoleIds'
  | 'workspaceIds'
  | 'rowScope'
  | 'accessProfileId'
>

/** The roles of one organization by their ids. */
export type RoleGraph = ReadonlyMap<string, RoleNode>

/** How many roles may stand above one another, from a role to the last that it inherits from. */
export const deepestInheritance = 8

const catalogue: ReadonlySet<string> = new Set(allPermissions)

/** All roles of the transaction's organization: there are few, and whoever needs one needs what it inherits. */
export async function readRoleGraph(em: EntityManager): Promise<RoleGraph> {
  const roles = await em.find(RoleEntity, {})
  return new Map(roles.map((role) => [role.id, nodeOf(role)]))
}

/** Every change of a role waits for the one before it, so that no two of them close a cycle together. */
export async function lockRoleGraph(em: EntityManager, organizationId: string): Promise<RoleGraph> {
  await em.execute(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [`roles of ${organizationId}`])
  return readRoleGraph(em)
}

export function nodeOf(role: RoleNode): RoleNode {
  const { id, name, system, permissions, withheldPermissions, ...rest } = role
  const { inheritedRoleIds, workspaceIds, rowScope, accessProfileId } = rest
  return {
    ...{ id, name, system, permissions, withheldPermissions },
    ...{ inheritedRoleIds, workspaceIds, rowScope, accessProfileId },
  }
}

/** What a role allows: its own permissions and those of every role that it inherits from, however far up. */
export function permissionsOf(graph: RoleGraph, id: string): ReadonlySet<Permission> {
  const found = new Set<Permission>()
  for (const role of ancestryOf(graph, id)) {
    for (const permission of ownPermissions(role)) found.add(permission)
  }
  return found
}

/**
 * The rights that a role gives: inheritance brings permissions alone; where and on whose rows they hold is the
 * role's own. A role that does not exist gives none.
 */
export function rightsOf(graph: RoleGraph, id: string): Rights {
  const role = graph.get(id)
  if (!role) return { permissions: new Set(), workspaceIds: [], rowScope: 'own' }
  return { permissions: permissionsOf(graph, id), workspaceIds: role.workspaceIds, rowScope: role.rowScope }
}

/** These roles and all that they inherit from, however far up. */
export function withInherited(graph: RoleGraph, ids: readonly string[]): ReadonlySet<string> {
  return new Set(ids.flatMap((id) => ancestryOf(graph, id).map((role) => role.id)))
}

/** The role itself and all roles that inherit from it, however far down. */
export function heirsOf(graph: RoleGraph, id: string): RoleNode[] {
  return [...graph.values()].filter((role) => ancestryOf(graph, role.id).some((above) => above.id === id))
}

/** @throws RoleCycle when the role inherits from itself; RoleTooDeep when a chain through it is too long. */
export function checkInheritance(graph: RoleGraph, id: string): void {
  const role = graph.get(id)
  if (!role) return
  const above = role.inheritedRoleIds.flatMap((inherited) => ancestryOf(graph, inherited))
  if (above.some((one) => one.id === id)) throw new RoleCycle(role.name)
  for (const heir of heirsOf(graph, id)) {
    if (depthOf(graph, heir.id) > deepestInheritance)
      throw new RoleTooDeep(heir.name, String(deepestInheritance))
  }
}

/**
 * The permissions that a role names itself, without those that the catalogue has no more. Those of a system role are of
 * the release, but for what the organization adds and withholds. [X0-04]
 */
export function ownPermissions({
  system,
  name,
  permissions,
  withheldPermissions,
}: Pick<RoleNode, 'system' | 'name' | 'permissions' | 'withheldPermissions'>): readonly Permission[] {
  const named = permissions.filter((permission): permission is Permission => catalogue.has(permission))
  if (!system) return named
  const all = new Set([...releasedPermissions(name), ...named])
  return [...all].filter((permission) => !withheldPermissions.includes(permission))
}

/**
 * The shortest chain from a role to one that names the permission itself, both included; empty when there is none, and
 * exactly then the role does not have it.
 */
export function chainTo(graph: RoleGraph, id: string, permission: Permission): RoleNode[] {
  const below = new Map<string, string | undefined>([[id, undefined]])
  // A map is walked in the order of insertion, with what is added on the way: level by level.
  for (const next of below.keys()) {
    const role = graph.get(next)
    if (!role) continue
    if (namesItself(role, permission)) return walkDown(graph, below, next)
    for (const above of role.inheritedRoleIds) if (!below.has(above)) below.set(above, next)
  }
  return []
}

function walkDown(
  graph: RoleGraph,
  below: ReadonlyMap<string, string | undefined>,
  from: string,
): RoleNode[] {
  const chain: RoleNode[] = []
  for (let id: string | undefined = from; id !== undefined; id = below.get(id)) {
    const role = graph.get(id)
    if (role) chain.unshift(role)
  }
  return chain
}

/** The system roles, of a role and all that it inherits from, that would have the permission if it were not withheld. */
export function withholdersOf(graph: RoleGraph, id: string, permission: Permission): RoleNode[] {
  return ancestryOf(graph, id).filter(
    (role) => role.system && namesItself({ ...role, withheldPermissions: [] }, permission),
  )
}

function namesItself(role: RoleNode, permission: Permission): boolean {
  return ownPermissions(role).includes(permission)
}

/** Whether it is a system role that allows something else than the release says. */
export function isCustomized({
  system,
  permissions,
  withheldPermissions,
}: Pick<RoleNode, 'system' | 'permissions' | 'withheldPermissions'>): boolean {
  return system && (permissions.length > 0 || withheldPermissions.length > 0)
}

/** These roles, each with all that it inherits from, and what it gives. A role that does not exist gives nothing. */
export function rolesInUse(graph: RoleGraph, ids: readonly string[]): RoleInUse[] {
  return [...new Set(ids)].map((id) => ({
    roleIds: ancestryOf(graph, id).map((role) => role.id),
    permissions: permissionsOf(graph, id),
  }))
}

/** What a system role allows when the organization says nothing else. */
export function releasedPermissions(systemRole: string): readonly Permission[] {
  return systemRoles[systemRole as SystemRole].permissions
}

/** A role and all that it inherits from, each once; ends on a cycle too. */
function ancestryOf(graph: RoleGraph, id: string): RoleNode[] {
  const seen = new Map<string, RoleNode>()
  const waiting = [id]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const role = graph.get(next)
    if (!role || seen.has(next)) continue
    seen.set(next, role)
    waiting.push(...role.inheritedRoleIds)
  }
  return [...seen.values()]
}

/** How many roles the longest chain from this one has. The graph has no cycle. */
function depthOf(graph: RoleGraph, id: string, known = new Map<string, number>()): number {
  const before = known.get(id)
  if (before !== undefined) return before
  const above = graph.get(id)?.inheritedRoleIds ?? []
  const depth = 1 + Math.max(0, ...above.map((inherited) => depthOf(graph, inherited, known)))
  known.set(id, depth)
  return depth
}
