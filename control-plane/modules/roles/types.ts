import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { transactionOf } from '../../service-context.ts'
import { AccessProfileType } from '../access-profiles/index.ts'
import { UserType } from '../users/index.ts'
import { IssuedVirtualKeyType, VirtualKeyType } from '../virtual-keys/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import type { AssignedRole } from './assignments.ts'
import { type Role, type RoleAssignment, RoleAssignmentEntity, RoleEntity } from './entity.ts'
import { isCustomized, ownPermissions, permissionsOf, readRoleGraph } from './graph.ts'
import { privilegeLevelOf } from './system-roles.ts'

export const SystemRoleType = builder.enumType('SystemRole', {
  description: 'The roles that every organization has.',
  values: {
    ADMIN: { value: 'admin', description: 'Everything.' },
    DEVELOPER: {
      value: 'developer',
      description: 'Reads, works with virtual keys, and calls every kind of model.',
    },
    VIEWER: { value: 'viewer', description: 'Reads.' },
  } as const,
})

export const RowScopeType = builder.enumType('RowScope', {
  description: 'Whose virtual keys, usage and audit events a role shows.',
  values: {
    OWN: { value: 'own', description: 'Those of the user that a token stands for.' },
    TEAM: {
      value: 'team',
      description: 'Those of that user’s teams and of all users who are of one of them.',
    },
    ALL: { value: 'all', description: 'Everybody’s.' },
  } as const,
})

registerNodeType('role', 'Role')

export const RoleType = builder.loadableNodeRef('Role', {
  id: { resolve: (role: Role) => role.id },
  load: (ids: string[], context) => loadVisible(context, 'roles:view', RoleEntity, ids),
})

/** All that these roles allow, inherited permissions included. */
async function loadPermissions(ids: readonly string[], { services, actor }: RequestContext) {
  const graph = await transactionOf(services, actor, readRoleGraph)
  return ids.map((id) => permissionsOf(graph, id))
}

RoleType.implement({
  description: 'What API tokens and users may do, and where.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique in the organization.' }),
    description: t.exposeString('description', { description: 'What it is for.' }),
    version: t.exposeInt('version', { description: versionDescription }),
    system: t.exposeBoolean('system', {
      description:
        'Whether it is one of the three that every organization has; of these, only the permissions change.',
    }),
    customized: t.boolean({
      description: 'Whether it is a system role that allows something else here than in this release.',
      resolve: isCustomized,
    }),
    privilegeLevel: t.loadable({
      type: 'Int',
      description:
        'The level of the highest system role that it includes, whatever it gives of inference: 100, 50 or 10; 0: none of them.',
      load: async (ids: string[], context) => (await loadPermissions(ids, context)).map(privilegeLevelOf),
      resolve: ({ id }) => id,
    }),
    permissions: t.loadableList({
      type: 'String',
      description: 'All that it allows, inherited permissions included, each as `resource:operation`.',
      load: async (ids: string[], context) =>
        (await loadPermissions(ids, context)).map((permissions) => [...permissions].sort()),
      resolve: ({ id }) => id,
    }),
    ownPermissions: t.stringList({
      description: 'What it allows itself, whatever it inherits.',
      resolve: (role) => [...ownPermissions(role)].sort(),
    }),
    inheritedRoles: t.field({
      type: [RoleType],
      nullable: { list: false, items: true },
      description: 'The roles whose permissions it has too; where these hold is its own matter.',
      resolve: ({ inheritedRoleIds }) => inheritedRoleIds,
    }),
    workspaces: t.field({
      type: [WorkspaceType],
      nullable: { list: true, items: true },
      description:
        'The only workspaces that it reaches, null in place of one that is gone or that you may not see; null: all of the organization.',
      resolve: ({ workspaceIds }) => workspaceIds,
    }),
    rowScope: t.expose('rowScope', { type: RowScopeType, description: 'Whose rows it shows.' }),
    accessProfile: t.field({
      type: AccessProfileType,
      nullable: true,
      permission: 'access_profiles:view',
      description: 'The profile of the virtual key that everybody gets with the role; null: none.',
      resolve: ({ accessProfileId }) => accessProfileId,
    }),
    permissionCount: t.loadable({
      type: 'Int',
      description: 'How many permissions it has, inherited ones included.',
      load: async (ids: string[], context) => (await loadPermissions(ids, context)).map(({ size }) => size),
      resolve: ({ id }) => id,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

registerNodeType('ra', 'RoleAssignment')

export const RoleAssignmentType = builder.loadableNodeRef('RoleAssignment', {
  id: { resolve: (assignment: AssignedRole) => assignment.id },
  load: (ids: string[], context) => loadVisible(context, 'roles:view', RoleAssignmentEntity, ids),
})

RoleAssignmentType.implement({
  description: 'A role that a user has. It bounds the API tokens that stand for this user.',
  fields: (t) => ({
    role: t.field({
      type: RoleType,
      nullable: true,
      description: 'The role.',
      resolve: ({ roleId }) => roleId,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Who has it; null when you may not see users.',
      resolve: ({ userId }) => userId,
    }),
    objectId: t.exposeID('objectId', {
      nullable: true,
      description:
        'The only object that the role was given for; `node(id)` is null once it is gone. Null: whatever the role reaches.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null: never.',
    }),
    virtualKey: t.field({
      type: VirtualKeyType,
      nullable: true,
      permission: 'virtual_keys:view',
      description: 'The key that came with the role; null: none.',
      resolve: ({ virtualKeyId }) => virtualKeyId,
    }),
    issuedKey: t.field({
      type: IssuedVirtualKeyType,
      nullable: true,
      description:
        'That key with its secret, in the answer to the `assignRole` that issued it and never again.',
      resolve: ({ issuedKey }) => issuedKey,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first given.' }),
  }),
})

builder.objectField(UserType, 'roleAssignments', (t) =>
  t.loadableGroup({
    type: RoleAssignmentType,
    permission: 'roles:view',
    description: 'The roles that they have, ended ones included until they are removed, oldest first.',
    load: (userIds: string[], { services, actor }) =>
      transactionOf(services, actor, (em) =>
        em.find(RoleAssignmentEntity, { userId: { $in: userIds } }, { orderBy: { id: 'asc' } }),
      ),
    // A loadable type may also be given by id; `load` gives rows.
    group: (assignment) => (assignment as RoleAssignment).userId,
    resolve: ({ id }) => id,
  }),
)
