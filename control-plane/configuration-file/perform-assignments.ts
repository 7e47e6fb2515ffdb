import { addMember, removeMember } from '../modules/memberships/service.ts'
import { assignRole, removeRoleAssignment } from '../modules/roles/assignments.ts'
import type { Item, OwnerKind } from './items.ts'
import type { NamedIds } from './names.ts'
import type { Performance, Performer } from './perform.ts'

const membership: Performer = {
  create: async ({ context, actor, ids }, item) => (await addMember(context, actor, memberOf(ids, item))).id,
  update: async () => undefined,
  delete: ({ context, actor, ids }, present) => removeMember(context, actor, memberOf(ids, present)),
}

function memberOf(ids: NamedIds, { name: [user = '', kind = '', ...group] }: Item) {
  const userId = ids.of('user', [user])
  return kind === 'team'
    ? { userId, teamId: ids.of('team', group) }
    : { userId, businessUnitId: ids.of('business_unit', group) }
}

const role_assignment: Performer = {
  async create(performance, item) {
    const { context, actor, ids, issued } = performance
    const { id, issuedKey } = await assignRole(context, actor, {
      ...assignmentOf(performance, item),
      ...(item.keyWorkspace !== undefined && { workspaceId: ids.workspace(item.keyWorkspace) }),
    })
    if (issuedKey) {
      const { virtualKey, secret } = issuedKey
      const [workspace = ''] = ids.nameOf(virtualKey.workspaceId) ?? []
      issued.push({ virtualKeyId: virtualKey.id, name: [workspace, virtualKey.name], secret })
    }
    return id
  },
  // Whoever has it already has it until another time.
  update: (performance, _present, item) =>
    assignRole(performance.context, performance.actor, assignmentOf(performance, item)),
  delete: ({ context, actor }, { id }) => removeRoleAssignment(context, actor, id),
}

function assignmentOf({ ids }: Performance, { name, fields: { expiresAt } }: Item) {
  const [user = '', role = '', kind, ...object] = name
  return {
    userId: ids.of('user', [user]),
    roleId: ids.of('role', [role]),
    ...(kind !== undefined && { objectId: ids.of(kind as OwnerKind, object) }),
    expiresAt: typeof expiresAt === 'string' ? new Date(expiresAt) : null,
  }
}

export const performAssignments = { membership, role_assignment }
