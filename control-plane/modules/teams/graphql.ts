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
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { UserEntity, UserType } from '../users/index.ts'
import { VirtualKeyEntity, VirtualKeyType } from '../virtual-keys/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { type Team, TeamEntity } from './entity.ts'
import { createTeam, deleteTeam, updateTeam } from './service.ts'

registerNodeType('team', 'Team')

const ofTeam = {
  users: { table: 'users', column: 'team_id' },
  keys: { table: 'virtual_keys', column: 'team_id' },
} as const

export const TeamType = builder.loadableNodeRef('Team', {
  id: { resolve: (team: Team) => team.id },
  load: (ids: string[], context) => loadVisible(context, 'teams:view', TeamEntity, ids),
})

TeamType.implement({
  description: 'People who work together and share virtual keys, a budget and a limit.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'Unique in the workspace.' }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Where it lives.',
      resolve: ({ workspaceId }) => workspaceId,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'The customer that its calls are charged to.',
      resolve: ({ customerId }) => customerId,
    }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: 'The business unit that its calls are charged to.',
      resolve: ({ businessUnitId }) => businessUnitId,
    }),
    users: t.connection(
      {
        type: UserType,
        permission: 'users:view',
        description:
          'The users whose calls are charged to it, oldest first; `members` are all who are of it.',
        resolve: ({ id }, page, context) =>
          listPageBelow(context, { entity: UserEntity, ...ofTeam.users }, id, page),
      },
      { name: 'TeamUserConnection', description: 'A page of a team’s users.' },
      { name: 'TeamUserEdge', description: 'A user of a team with its cursor.' },
    ),
    virtualKeys: t.connection(
      {
        type: VirtualKeyType,
        permission: 'virtual_keys:view',
        description: 'The virtual keys that it owns itself, oldest first.',
        resolve: ({ id }, page, context) =>
          listPageBelow(context, { entity: VirtualKeyEntity, ...ofTeam.keys }, id, page),
      },
      { name: 'TeamVirtualKeyConnection', description: 'A page of a team’s virtual keys.' },
      { name: 'TeamVirtualKeyEdge', description: 'A virtual key of a team with its cursor.' },
    ),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

const TeamFilterInput = builder.inputType('TeamFilter', {
  description: 'Which teams; all conditions must hold.',
  fields: (t) => ({
    workspaceId: t.id({ description: 'That live in this workspace.' }),
    customerId: t.id({ description: 'Charged to this customer.' }),
    businessUnitId: t.id({ description: 'Charged to this business unit.' }),
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  team: t.field({
    type: TeamType,
    nullable: true,
    permission: 'teams:view',
    objectAt: 'id',
    description: 'One team; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  teams: t.connection(
    {
      type: TeamType,
      permission: 'teams:view',
      description: 'The teams of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: TeamFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, TeamEntity, args),
    },
    { name: 'TeamConnection', description: 'A page of teams.' },
    { name: 'TeamEdge', description: 'A team with its cursor.' },
  ),
}))

const CreateTeamInput = builder.inputType('CreateTeamInput', {
  description: 'A new team.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    workspaceId: t.id({ required: true, description: 'Where it lives.' }),
    customerId: t.id({ description: 'Charge its calls to this customer.' }),
    businessUnitId: t.id({ description: 'Charge its calls to this business unit and its customer.' }),
    name: t.string({ required: true, description: '1 to 128 characters, unique in the workspace.' }),
  }),
})

const UpdateTeamInput = builder.inputType('UpdateTeamInput', {
  description: 'What to change about a team. What is left out stays.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The team.' }),
    name: t.string({ description: 'Its new name.' }),
    customerId: t.id({ description: 'Its new customer; null takes it out of its customer.' }),
    businessUnitId: t.id({ description: 'Its new business unit, whose customer it gets too.' }),
  }),
})

builder.mutationFields((t) => ({
  createTeam: t.field({
    type: TeamType,
    permission: 'teams:create',
    description: 'Creates a team.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateTeamInput, required: true, description: 'The team.' }) },
    resolve: (_, { input }, { services, actor }) => createTeam(services, actor, input),
  }),
  updateTeam: t.field({
    type: TeamType,
    permission: 'teams:update',
    objectAt: 'input.id',
    description: 'Renames or moves a team.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateTeamInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateTeam(services, actor, input),
  }),
  deleteTeam: t.field({
    type: DeletedType,
    permission: 'teams:delete',
    objectAt: 'input.id',
    description: 'Deletes a team without members and virtual keys, with its budget and limit.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The team.' }) },
    resolve: (_, { input }, { services, actor }) => deleteTeam(services, actor, input.id),
  }),
}))
