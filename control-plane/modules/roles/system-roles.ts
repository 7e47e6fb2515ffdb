import type { EntityManager } from '@mikro-orm/postgresql'
import { isInference, type Permission, type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import { RoleEntity } from './entity.ts'
import { permissionsOf, type RoleGraph, withInherited } from './graph.ts'

const names = Object.keys(systemRoles) as SystemRole[]

const descriptions: Readonly<Record<SystemRole, string>> = {
  admin: 'Everything.',
  developer: 'Reads, and works with virtual keys.',
  viewer: 'Reads.',
}

/** The id of a system role, the same in every organization. */
export function systemRoleId(name: SystemRole): string {
  return `role_${name}`
}

export function isSystemRoleId(id: string): boolean {
  return names.some((name) => systemRoleId(name) === id)
}

/** Gives a new organization its system roles, in the caller's transaction. */
export function createSystemRoles(em: EntityManager, organizationId: string, createdAt: Date): void {
  for (const name of names) {
    em.create(RoleEntity, {
      id: systemRoleId(name),
      organizationId,
      name,
      description: descriptions[name],
      system: true,
      permissions: [],
      withheldPermissions: [],
      inheritedRoleIds: [],
      workspaceIds: null,
      rowScope: 'all',
      accessProfileId: null,
      createdAt,
    })
  }
}

/**
 * Where a role stands among the system roles: the level of the highest one that it includes, whatever it gives of
 * inference, which is no power over anybody; 0 when it includes none of them. [S0-09]
 */
export function privilegeLevelOf(permissions: ReadonlySet<Permission>): number {
  const isIncluded = (permission: Permission) => isInference(permission) || permissions.has(permission)
  const included = names.filter((name) => systemRoles[name].permissions.every(isIncluded))
  return Math.max(0, ...included.map((name) => systemRoles[name].privilegeLevel))
}

/**
 * Whether a role makes administrators, by whatever name: it inherits from the role admin, whatever the organization
 * withholds from that, or allows as much.
 */
export function isAdministrative(graph: RoleGraph, id: string): boolean {
  if (withInherited(graph, [id]).has(systemRoleId('admin'))) return true
  return privilegeLevelOf(permissionsOf(graph, id)) >= systemRoles.admin.privilegeLevel
}
