import type { EntityManager } from '@mikro-orm/postgresql'
import type { IdentityProvider, UserIdentity } from '../modules/identity-providers/index.ts'
import { assignRoles, removeRoleAssignments } from '../modules/roles/assignments.ts'
import { type RoleAssignment, RoleAssignmentEntity } from '../modules/roles/entity.ts'
import { permissionsOf } from '../modules/roles/graph.ts'
import { readRoleGraph } from '../modules/roles/index.ts'
import { isAdministrative, privilegeLevelOf } from '../modules/roles/system-roles.ts'
import { type Claims, hasClaim } from '../sign-in/claims.ts'
import { mapDefaultRole, mapRoles, type RankedRole } from '../sign-in/role-mapping.ts'
import type { AdmittedPerson, KnownPerson, Provisioning } from './provision-user.ts'

/** The role that the provider's rules give, or the default one where none matches; null where there is neither. */
export async function mappedRole({ em, provider }: Provisioning, claims: Claims): Promise<string | null> {
  return roleFor(provider, claims, await readRoleRanks(em))
}

/** As {@link mappedRole}, where the roles were read before. */
export function roleFor(
  { roleRules, roleResolution, defaultRoleId }: IdentityProvider,
  claims: Claims,
  ranks: ReadonlyMap<string, RankedRole>,
): string | null {
  return mapRoles(claims, roleRules, ranks, roleResolution) ?? mapDefaultRole(defaultRoleId, ranks)
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
        isAdministrative: isAdministrative(graph, id),
      }
      return [id, rank]
    }),
  )
}

/**
 * Gives each the role in place of what this provider gave before. What somebody else gave stays, and is nobody else's to
 * take.
 */
export async function keepRoles(
  provisioning: Provisioning,
  people: readonly AdmittedPerson[],
): Promise<void> {
  const { context, em, actor, provider } = provisioning
  const given = await givenTo(provisioning, people)
  const changed = people.filter(
    ({ identity, roleId }) => given.get(identity.roleAssignmentId ?? '')?.roleId !== roleId,
  )
  if (changed.length === 0) return
  const userIds = changed.map(({ identity }) => identity.userId)
  const others = await em.find(RoleAssignmentEntity, { userId: { $in: userIds }, objectId: null })
  const held = new Set(others.map(({ userId, roleId }) => `${userId} ${roleId}`))
  const graph = await readRoleGraph(em)
  const wanted = changed.filter(({ identity, roleId }) => !held.has(`${identity.userId} ${roleId}`))
  const assigned = await assignRoles(
    context,
    em,
    actor,
    wanted.map(({ identity: { userId }, roleId }) => {
      // A role that brings a key along needs a place for it.
      const workspaceId = graph.get(roleId)?.accessProfileId ? provider.teamWorkspaceId : null
      return { userId, roleId, workspaceId }
    }),
  )
  const kept = new Map(assigned.map(({ id, userId, roleId }) => [`${userId} ${roleId}`, id]))
  const former = changed.flatMap(({ identity }) => identity.roleAssignmentId ?? [])
  // None where the user had the role already.
  for (const { identity, roleId } of changed) {
    identity.roleAssignmentId = kept.get(`${identity.userId} ${roleId}`) ?? null
  }
  await removeRoleAssignments(context, em, actor, former)
}

/** Takes away what this provider gave. */
export async function endRoles(
  provisioning: Provisioning,
  identities: readonly UserIdentity[],
): Promise<void> {
  const { context, em, actor } = provisioning
  const given = identities.flatMap(({ roleAssignmentId }) => roleAssignmentId ?? [])
  for (const identity of identities) identity.roleAssignmentId = null
  await removeRoleAssignments(context, em, actor, given)
}

async function givenTo(
  { em }: Provisioning,
  people: readonly KnownPerson[],
): Promise<ReadonlyMap<string, RoleAssignment>> {
  const ids = people.flatMap(({ identity }) => identity.roleAssignmentId ?? [])
  if (ids.length === 0) return new Map()
  const given = await em.find(RoleAssignmentEntity, { id: { $in: ids } })
  return new Map(given.map((assignment) => [assignment.id, assignment]))
}
