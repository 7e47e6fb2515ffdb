import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { approvable, approvalRefusals, type ById } from '../access-changes/index.ts'
import { assignRole, removeRoleAssignment } from './assignments.ts'
import './catalogue-graphql.ts'
import { RoleEntity } from './entity.ts'
import { LastGrant, RightsExceeded, RoleCycle, RoleTooDeep, SystemRoleFixed, TooManyRoles } from './errors.ts'
import { deepestInheritance } from './graph.ts'
import { createRole, deleteRole, updateRole } from './service.ts'
import { RoleAssignmentType, RoleType, RowScopeType } from './types.ts'
import './viewer.ts'

const RoleFilter = builder.inputType('RoleFilter', {
  description: 'Which roles; all conditions must hold.',
  fields: (t) => ({
    system: t.boolean({ description: 'True: the system roles alone; false: the organization’s own alone.' }),
  }),
})

builder.queryFields((t) => ({
  role: t.field({
    type: RoleType,
    nullable: true,
    permission: 'roles:view',
    description: 'One role; null when there is none that you may see.',
    args: {
      id: t.arg.id({ required: true, description: 'Its id; of a system role `role_admin` and so on.' }),
    },
    resolve: (_, { id }) => id,
  }),
  roles: t.connection(
    {
      type: RoleType,
      permission: 'roles:view',
      description: 'The roles of your organization: its own, oldest first, then the system roles.',
      args: { filter: t.arg({ type: RoleFilter, description: 'Only these.' }) },
      resolve: (_, { filter, ...page }, context) =>
        listPage(
          context,
          RoleEntity,
          page,
          filter?.system == null ? {} : { where: { system: filter.system } },
        ),
    },
    { name: 'RoleConnection', description: 'A page of roles.' },
    { name: 'RoleEdge', description: 'A role with its cursor.' },
  ),
}))

const patterns =
  'Each `resource:operation` of the catalogue; `*` may stand for either, or alone for all of today.'
const inherits = `Their permissions too, also those that they get later; over at most ${deepestInheritance} levels.`

const bringsKey = 'Everybody who gets it gets a virtual key of their own that follows this access profile.'

const CreateRoleInput = builder.inputType('CreateRoleInput', {
  description: 'A new role. It allows nothing that you may not.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters, unique.' }),
    description: t.string({ description: 'What it is for, at most 1024 characters.' }),
    permissions: t.stringList({ required: true, description: patterns }),
    inheritedRoleIds: t.idList({ description: inherits }),
    workspaceIds: t.idList({
      description: 'Confines it to these workspaces; without: all of the organization.',
    }),
    rowScope: t.field({ type: RowScopeType, description: 'Whose rows it shows; ALL unless said.' }),
    accessProfileId: t.id({ description: bringsKey }),
  }),
})

const UpdateRoleInput = builder.inputType('UpdateRoleInput', {
  description:
    'What to change about a role, from the next request on. What is left out stays. Of a system role, only the permissions can be changed.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The role.' }),
    name: t.string({ description: 'Its new name.' }),
    description: t.string({ description: 'Its new description.' }),
    permissions: t.stringList({
      description: `Replaces its own. Of a system role, the differences from this release are kept, and what a later release adds comes to it. ${patterns}`,
    }),
    inheritedRoleIds: t.idList({ description: `Replaces what it inherits from. ${inherits}` }),
    workspaceIds: t.idList({
      description: 'Confines it to these workspaces; null opens all of the organization.',
    }),
    rowScope: t.field({ type: RowScopeType, description: 'Whose rows it shows.' }),
    accessProfileId: t.id({ description: `${bringsKey} Null: none. Keys that there are stay.` }),
  }),
})

const AssignRoleInput = builder.inputType('AssignRoleInput', {
  description: 'A role for a user.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'Who gets it.' }),
    roleId: t.id({ required: true, description: 'The role: nothing that you may not do yourself.' }),
    objectId: t.id({
      description:
        'Gives the role for this object alone: a customer, a business unit, a team, a virtual key or a provider. Of its permissions, those about things of that kind hold there; nothing else does, and no list shows the object.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends by itself; without: never.' }),
    workspaceId: t.id({
      description:
        'Where the virtual key lives that the role brings along, if it does; without: the workspace of their team, or the only one that the role reaches.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createRole: t.field({
    type: RoleType,
    permission: 'roles:create',
    description: 'Creates a role.',
    errors: {
      types: [
        NameTaken,
        NotFound,
        RightsExceeded,
        RoleCycle,
        RoleTooDeep,
        TooManyRoles,
        IdempotencyKeyReused,
        ...approvalRefusals,
      ],
    },
    args: { input: t.arg({ type: CreateRoleInput, required: true, description: 'The role.' }) },
    resolve: approvable('createRole', createRole),
  }),
  updateRole: t.field({
    type: RoleType,
    permission: 'roles:update',
    description:
      'Changes a role and what everybody who has it may do. What it gives more than before, to it and to roles that inherit from it, must be yours, and without an end; what nobody could give back is not taken away.',
    errors: {
      types: [
        NotFound,
        NameTaken,
        SystemRoleFixed,
        LastGrant,
        RightsExceeded,
        RoleCycle,
        RoleTooDeep,
        StaleUpdate,
        ...approvalRefusals,
      ],
    },
    args: { input: t.arg({ type: UpdateRoleInput, required: true, description: 'The change.' }) },
    resolve: approvable('updateRole', updateRole),
  }),
  deleteRole: t.field({
    type: DeletedType,
    permission: 'roles:delete',
    description: 'Deletes a role that nobody has and no other inherits from.',
    errors: { types: [NotFound, SystemRoleFixed, InUse, ...approvalRefusals] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The role.' }) },
    resolve: approvable('deleteRole', (services, actor, { id }: ById) => deleteRole(services, actor, id)),
  }),
  assignRole: t.field({
    type: RoleAssignmentType,
    permission: 'roles:assign',
    description:
      'Gives a user a role, or changes until when they have it. A role with an access profile brings a virtual key along, which ends with it; that needs the permission to create keys.',
    errors: { types: [NotFound, RightsExceeded, ...approvalRefusals] },
    args: { input: t.arg({ type: AssignRoleInput, required: true, description: 'Who gets what.' }) },
    resolve: approvable('assignRole', assignRole),
  }),
  removeRoleAssignment: t.field({
    type: DeletedType,
    permission: 'roles:assign',
    description:
      'Takes a role away from a user, and what it gave from their API tokens, at once; the virtual key that it brought along is revoked.',
    errors: { types: [NotFound, ...approvalRefusals] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The assignment.' }) },
    resolve: approvable('removeRoleAssignment', (services, actor, { id }: ById) =>
      removeRoleAssignment(services, actor, id),
    ),
  }),
}))
