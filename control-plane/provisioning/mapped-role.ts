import type { EntityManager } from '@mikro-orm/postgresql'
import type { IdentityProvider, UserIdentity } from '../modules/identity-providers/index.ts'
import { assignRole, removeRoleAssignment } from '../modules/roles/assignments.ts'
import { RoleAssignmentEntity } from '../modules/roles/entity.ts'
import { permissionsOf } from '../modules/roles/graph.ts'
import { readRoleGraph } from '../modules/roles/index.ts'
import { privilegeLevelOf } from '../modules/roles/system-roles.ts'
import { type Claims, hasClaim } from '../sign-in/claims.ts'
import { mapRoles, type RankedRole } from '../sign-in/role-mapping.ts'
import type { Provisioning } from './provision-user.ts'

/** The role that the provider's rules give, or the default one where none matches; null where there is neither. */
export async function mappedRole({ em, provider, claims }: Provisioning): Promise<string | null> {
  return roleFor(provider, claims, await readRoleRanks(em))
}

/** As {@link mappedRole}, where the roles were read before. */
export function roleFor(
  { roleRules, roleResolution, defaultRoleId }: IdentityProvider,
  claims: Claims,
  ranks: ReadonlyMap<string, RankedRole>,
): string | null {
  return mapRoles(claims, roleRules, ranks, roleResolution) ?? defaultRoleId
}

/** Whether claims tell of everything that the role rules ask for: a directory may know less than an ID token says. */
export function tellsRole({ roleRules }: IdentityProvider, claims: Claims): boolean {
  return roleRules.every(({ claim }) => hasClaim(claims, claim))
}

/** What decides between the organization's roles, by their ids. */
export async function readRoleRanks(em: EntityManager): Promise<ReadonlyMap<string, RankedRole>> {
  const graph = await readRoleGraph(em)
  return new Map(
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
}

/**
 * Gives the role in place of what this provider gave before. What somebody else gave stays, and is nobody else's to take.
 *
 * @returns the assignment that is the provider's; null where the user had the role already
 */
export async function keepRole(
  provisioning: Provisioning,
  identity: UserIdentity,
  roleId: string,
): Promise<string | null> {
  const { context, em, actor, provider } = provisioning
  const { userId } = identity
  const given = await givenTo(provisioning, identity)
  if (given?.roleId === roleId) return given.id
  const other = await em.findOne(RoleAssignmentEntity, { userId, roleId, objectId: null })
  const role = (await readRoleGraph(em)).get(roleId)
  // A role that brings a key along needs a place for it.
  const workspaceId = role?.accessProfileId ? provider.teamWorkspaceId : null
  const kept = other ? null : (await assignRole(context, actor, { userId, roleId, workspaceId })).id
  if (given) await removeRoleAssignment(context, actor, given.id)
  return kept
}

/** Takes away what this provider gave. */
export async function endRole(provisioning: Provisioning, identity: UserIdentity): Promise<void> {
  const given = await givenTo(provisioning, identity)
  if (given) await removeRoleAssignment(provisioning.context, provisioning.actor, given.id)
}

async function givenTo({ em }: Provisioning, { roleAssignmentId }: UserIdentity) {
  return roleAssignmentId === null ? null : em.findOne(RoleAssignmentEntity, { id: roleAssignmentId })
}
