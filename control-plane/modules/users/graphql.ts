import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
  versionDescription,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listNamed, NamedOrderInput, searchDescription } from '../../graphql/named-lists.ts'
import { listPageBelow } from '../../graphql/nested-pages.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { confirmationFields, confirmed } from '../data-planes/index.ts'
import { TeamType } from '../teams/index.ts'
import { VirtualKeyEntity, VirtualKeyType } from '../virtual-keys/index.ts'
import { type User, UserEntity } from './entity.ts'
import { createUser, deleteUser, updateUser } from './service.ts'

registerNodeType('usr', 'User')

export const UserType = builder.loadableNodeRef('User', {
  id: { resolve: (user: User) => user.id },
  load: (ids: string[], context) => loadVisible(context, 'users:view', UserEntity, ids),
})

UserType.implement({
  description: 'A person, or a service that stands for one.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'What people call them.' }),
    email: t.exposeString('email', { nullable: true, description: 'Unique in the organization.' }),
    active: t.exposeBoolean('active', { description: 'The keys of an inactive user are refused.' }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'The team that their calls are charged to, one of their `memberships`.',
      resolve: ({ teamId }) => teamId,
    }),
    virtualKeys: t.connection(
      {
        type: VirtualKeyType,
        permission: 'virtual_keys:view',
        description: 'The virtual keys that they own, oldest first.',
        resolve: ({ id }, page, context) =>
          listPageBelow(
            context,
            { entity: VirtualKeyEntity, table: 'virtual_keys', column: 'user_id' },
            id,
            page,
          ),
      },
      { name: 'UserVirtualKeyConnection', description: 'A page of a user’s virtual keys.' },
      { name: 'UserVirtualKeyEdge', description: 'A virtual key of a user with its cursor.' },
    ),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When they were created.' }),
  }),
})

const UserFilterInput = builder.inputType('UserFilter', {
  description: 'Which users; all conditions must hold.',
  fields: (t) => ({
    active: t.boolean({ description: 'Active, or not.' }),
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  user: t.field({
    type: UserType,
    nullable: true,
    permission: 'users:view',
    description: 'One user; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Their id.' }) },
    resolve: (_, { id }) => id,
  }),
  users: t.connection(
    {
      type: UserType,
      permission: 'users:view',
      description: 'The users of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: UserFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, UserEntity, args),
    },
    { name: 'UserConnection', description: 'A page of users.' },
    { name: 'UserEdge', description: 'A user with its cursor.' },
  ),
}))

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'A new user.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: '1 to 128 characters.' }),
    email: t.string({ description: 'Unique in the organization; kept in lower case.' }),
    teamId: t.id({ description: 'Charge their calls to this team.' }),
  }),
})

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'What to change about a user. What is left out stays.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The user.' }),
    name: t.string({ description: 'Their new name.' }),
    email: t.string({ description: 'Their new address; null removes it.' }),
    teamId: t.id({ description: 'Their new team; null takes them out of their team.' }),
    active: t.boolean({
      description:
        'False refuses every call with their keys, and no directory switches them on again. True is for people whom their directory has: its next reading switches others off.',
    }),
    ...confirmationFields(t),
  }),
})

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserType,
    permission: 'users:create',
    description:
      'Creates a user. With an enabled identity provider it is refused (`FORBIDDEN`, type `idp_managed`): people become users by signing in.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The user.' }) },
    resolve: (_, { input }, { services, actor }) => createUser(services, actor, input),
  }),
  updateUser: t.field({
    type: UserType,
    permission: 'users:update',
    description: 'Changes a user.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateUserInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => updateUser(services, actor, input)),
  }),
  deleteUser: t.field({
    type: DeletedType,
    permission: 'users:delete',
    description: 'Deletes a user without virtual keys, with their API tokens, roles, budget and limit.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The user.' }) },
    resolve: (_, { input }, { services, actor }) => deleteUser(services, actor, input.id),
  }),
}))
