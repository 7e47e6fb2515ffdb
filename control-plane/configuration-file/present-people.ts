import type { EntityManager } from '@mikro-orm/postgresql'
import { MembershipEntity } from '../modules/memberships/entity.ts'
import { RoleAssignmentEntity } from '../modules/roles/entity.ts'
import type { PresentItem } from './items.ts'

type Known = ReadonlyMap<string, Pick<PresentItem, 'kind' | 'name'>>
const oldestFirst = { orderBy: { id: 'asc' } } as const

/** What was said by hand; what a directory says, it says again. */
export async function readPresentMemberships(em: EntityManager, known: Known): Promise<PresentItem[]> {
  const memberships = await em.find(MembershipEntity, { source: 'manual' }, oldestFirst)
  return memberships.flatMap(({ id, userId, teamId, businessUnitId }) => {
    const [user, group] = [known.get(userId), known.get(teamId ?? businessUnitId ?? '')]
    if (!user || !group) return []
    return { kind: 'membership', id, name: [...user.name, group.kind, ...group.name], fields: {} } as const
  })
}

/**
 * The roles that users have at this time. One for an object that no file names, such as a revoked key, is left out.
 *
 * @param now Milliseconds since the epoch.
 */
export async function readPresentAssignments(
  em: EntityManager,
  known: Known,
  now: number,
): Promise<PresentItem[]> {
  const assignments = await em.find(RoleAssignmentEntity, {}, oldestFirst)
  return assignments.flatMap(({ id, userId, roleId, objectId, virtualKeyId, expiresAt }) => {
    const [user, role] = [known.get(userId), known.get(roleId)]
    const object = objectId === null ? undefined : known.get(objectId)
    const isOver = expiresAt !== null && expiresAt.getTime() <= now
    if (!user || !role || isOver || (objectId !== null && !object)) return []
    const keyWorkspace = known.get(virtualKeyId ?? '')?.name[0]
    return {
      kind: 'role_assignment',
      id,
      name: [...user.name, ...role.name, ...(object ? [object.kind, ...object.name] : [])],
      fields: { expiresAt: expiresAt?.toISOString() ?? null },
      ...(keyWorkspace !== undefined && { keyWorkspace }),
    } as const
  })
}
