import type { EntityManager } from '@mikro-orm/postgresql'
import {
  type IdentityProvider,
  type UserIdentity,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { assignRoles, removeRoleAssignments } from '../modules/roles/assignments.ts'
import { type RoleAssignment, RoleAssignmentEntity } from '../modules/roles/entity.ts'
import { permissionsOf } from '../modules/roles/graph.ts'
import { readRoleGraph } from '../modules/roles/index.ts'
import { isAdministrative, privilegeLevelOf } from '../modules/roles/system-roles.ts'
import { lockUsers } from '../modules/users/index.ts'
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
 * Gives each the role for good, in place of what this provider gave before. What somebody else gave stays, and is nobody
 * else's to take; what they gave for a time is no reason not to give it.
 */
export async function keepRoles(
  provisioning: Provisioning,
  people: readonly AdmittedPerson[],
): Promise<void> {
  const { context, em, actor, provider } = provisioning
  const given = await givenTo(provisioning, people)
  const changed = people.filter(({ identity, roleId }) => {
    const assignment = given.get(identity.roleAssignmentId ?? '')
    return assignment?.roleId !== roleId || assignment.expiresAt !== null
  })
  if (changed.length === 0) return
  const former = await lockGiven(
    provisioning,
    changed.map(({ identity }) => identity),
  )
  const held = await readHeldForGood(provisioning, changed)
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
  // None where the user had the role already.
  for (const { identity, roleId } of changed) {
    identity.roleAssignmentId = kept.get(`${identity.userId} ${roleId}`) ?? null
  }
  const again = new Set(assigned.map(({ id }) => id))
  await removeRoleAssignments(
    context,
    em,
    actor,
    former.filter((id) => !again.has(id)),
  )
}

/** Takes away what this provider gave. */
export async function endRoles(
  provisioning: Provisioning,
  identities: readonly UserIdentity[],
): Promise<void> {
  const { context, em, actor } = provisioning
  const given = await lockGiven(provisioning, identities)
  for (const identity of identities) identity.roleAssignmentId = null
  await removeRoleAssignments(context, em, actor, given)
}

/** What this provider gave them. Whoever gives it to them by hand meanwhile does so before this is read, or has to wait. */
async function lockGiven({ em }: Provisioning, identities: readonly UserIdentity[]): Promise<string[]> {
  if (identities.length === 0) return []
  await lockUsers(
    em,
    identities.map(({ userId }) => userId),
  )
  const ids = identities.flatMap(({ id, roleAssignmentId }) => (roleAssignmentId === null ? [] : id))
  if (ids.length === 0) return []
  const present = await em.find(
    UserIdentityEntity,
    { id: { $in: ids } },
    { fields: ['roleAssignmentId'], disableIdentityMap: true },
  )
  return present.flatMap(({ roleAssignmentId }) => roleAssignmentId ?? [])
}

/** Who has which roles without an end, read anew. */
async function readHeldForGood(
  { em }: Provisioning,
  people: readonly AdmittedPerson[],
): Promise<ReadonlySet<string>> {
  const userIds = people.map(({ identity }) => identity.userId)
  const present = await em.find(
    RoleAssignmentEntity,
    { userId: { $in: userIds }, objectId: null },
    { refresh: true },
  )
  return new Set(
    present.flatMap(({ userId, roleId, expiresAt }) => (expiresAt === null ? `${userId} ${roleId}` : [])),
  )
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
