import type { UserIdentity } from '../modules/identity-providers/index.ts'
import { assignRole, removeRoleAssignment } from '../modules/roles/assignments.ts'
import { RoleAssignmentEntity } from '../modules/roles/entity.ts'
import { permissionsOf } from '../modules/roles/graph.ts'
import { readRoleGraph } from '../modules/roles/index.ts'
import { privilegeLevelOf } from '../modules/roles/system-roles.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import { mapRoles } from '../sign-in/role-mapping.ts'
import type { Provisioning } from './provision-user.ts'

/**
 * The role that the provider's rules give; the default one where none matches.
 *
 * @throws SignInRefused `user_not_authorized` when there is neither
 */
export async function mappedRole({ em, provider, claims }: Provisioning): Promise<string> {
  const graph = await readRoleGraph(em)
  const ranks = new Map(
    [...graph.values()].map(({ id, system }) => {
      const permissions = permissionsOf(graph, id)
      const rank = {
        privilege: privilegeLevelOf(permissions),
        permissions: permissions.size,
        isSystem: system,
      }
      return [id, rank]
    }),
  )
  const roleId =
    mapRoles(claims, provider.roleRules, ranks, provider.roleResolution) ?? provider.defaultRoleId
  if (roleId !== null) return roleId
  throw new SignInRefused(
    'user_not_authorized',
    'None of your groups or roles gives access here: ask an administrator for one that does',
  )
}

/**
 * Gives the role in place of what this provider gave before. What somebody else gave stays, and is nobody else's to take.
 *
 * @returns the assignment that is the provider's; null where the user had the role already
 */
export async function keepRole(
  { context, em, actor, provider }: Provisioning,
  { userId, roleAssignmentId }: UserIdentity,
  roleId: string,
): Promise<string | null> {
  const given =
    roleAssignmentId === null ? null : await em.findOne(RoleAssignmentEntity, { id: roleAssignmentId })
  if (given?.roleId === roleId) return given.id
  const other = await em.findOne(RoleAssignmentEntity, { userId, roleId, objectId: null })
  const role = (await readRoleGraph(em)).get(roleId)
  // A role that brings a key along needs a place for it.
  const workspaceId = role?.accessProfileId ? provider.teamWorkspaceId : null
  const kept = other ? null : (await assignRole(context, actor, { userId, roleId, workspaceId })).id
  if (given) await removeRoleAssignment(context, actor, given.id)
  return kept
}
