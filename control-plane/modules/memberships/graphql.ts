import { builder } from '../../graphql/builder.ts'
import { IdempotencyKeyReused, idempotencyKeyField } from '../../graphql/concurrency-fields.ts'
import { DeletedType } from '../../graphql/deleted.ts'
import { listPageBelow } from '../../graphql/nested-pages.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { type Membership, MembershipEntity } from './entity.ts'
import { MembershipManaged } from './errors.ts'
import { addMember, removeMember } from './service.ts'

const MembershipSourceType = builder.enumType('MembershipSource', {
  description: 'Where a membership comes from. What one source says, no other ends.',
  values: {
    HOME: { value: 'home', description: 'The user’s calls are charged to the team: `User.team`.' },
    MANUAL: { value: 'manual', description: 'Somebody added the user.' },
    IDP: {
      value: 'idp',
      description:
        'The identity provider says so when the user signs in, or has said so: claims give membership of business units and never take it away.',
    },
    SCIM: { value: 'scim', description: 'The directory says so.' },
  } as const,
})

registerNodeType('mb', 'Membership')

const MembershipType = builder.loadableNodeRef('Membership', {
  id: { resolve: (membership: Membership) => membership.id },
  load: (ids: string[], context) => loadVisible(context, 'users:view', MembershipEntity, ids),
})

MembershipType.implement({
  description:
    'That a user is of a team or a business unit. Whoever has a role of the row scope TEAM sees the rows of all users that share a team with them.',
  fields: (t) => ({
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Who.',
      resolve: ({ userId }) => userId,
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'The team; null when it is a business unit, or a team that you may not see.',
      resolve: ({ teamId }) => teamId,
    }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: 'The business unit; null when it is a team, or a business unit that you may not see.',
      resolve: ({ businessUnitId }) => businessUnitId,
    }),
    source: t.expose('source', { type: MembershipSourceType, description: 'Where it comes from.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'Since when.' }),
  }),
})

const onceEach = 'A user is in it once for each source that says so. Oldest first.'
const memberships = { entity: MembershipEntity, table: 'memberships' } as const

builder.objectField(UserType, 'memberships', (t) =>
  t.connection(
    {
      type: MembershipType,
      description: 'The teams and business units that they are of, once for each source. Oldest first.',
      resolve: ({ id }, page, context) =>
        listPageBelow(context, { ...memberships, column: 'user_id' }, id, page),
    },
    { name: 'UserMembershipConnection', description: 'A page of a user’s memberships.' },
    { name: 'UserMembershipEdge', description: 'A membership of a user with its cursor.' },
  ),
)

builder.objectField(TeamType, 'members', (t) =>
  t.connection(
    {
      type: MembershipType,
      permission: 'users:view',
      description: `Everybody who is of it. ${onceEach}`,
      resolve: ({ id }, page, context) =>
        listPageBelow(context, { ...memberships, column: 'team_id' }, id, page),
    },
    { name: 'TeamMemberConnection', description: 'A page of a team’s members.' },
    { name: 'TeamMemberEdge', description: 'A member of a team with its cursor.' },
  ),
)

builder.objectField(BusinessUnitType, 'members', (t) =>
  t.connection(
    {
      type: MembershipType,
      permission: 'users:view',
      description: `Everybody who is of it, besides those who are of its teams. ${onceEach}`,
      resolve: ({ id }, page, context) =>
        listPageBelow(context, { ...memberships, column: 'business_unit_id' }, id, page),
    },
    { name: 'BusinessUnitMemberConnection', description: 'A page of a business unit’s members.' },
    { name: 'BusinessUnitMemberEdge', description: 'A member of a business unit with its cursor.' },
  ),
)

const AddTeamMemberInput = builder.inputType('AddTeamMemberInput', {
  description: 'Who is to be of which team.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    teamId: t.id({ required: true, description: 'The team.' }),
    userId: t.id({ required: true, description: 'The user.' }),
  }),
})

const RemoveTeamMemberInput = builder.inputType('RemoveTeamMemberInput', {
  description: 'Who is to be of which team no longer.',
  fields: (t) => ({
    teamId: t.id({ required: true, description: 'The team.' }),
    userId: t.id({ required: true, description: 'The user.' }),
  }),
})

const AddBusinessUnitMemberInput = builder.inputType('AddBusinessUnitMemberInput', {
  description: 'Who is to be of which business unit.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    businessUnitId: t.id({ required: true, description: 'The business unit.' }),
    userId: t.id({ required: true, description: 'The user.' }),
  }),
})

const RemoveBusinessUnitMemberInput = builder.inputType('RemoveBusinessUnitMemberInput', {
  description: 'Who is to be of which business unit no longer.',
  fields: (t) => ({
    businessUnitId: t.id({ required: true, description: 'The business unit.' }),
    userId: t.id({ required: true, description: 'The user.' }),
  }),
})

const added = 'One who has been added already stays as they are. Nothing is charged differently.'
const removed = 'Only what somebody added ends: whoever is a member for another reason too remains one.'
const unitRemoved =
  'What somebody added ends, or else what claims of the identity provider gave, which give it again at the next sign-in while they say so. Whoever is a member for another reason too remains one.'
const addErrors = { types: [NotFound, IdempotencyKeyReused] }
const removeErrors = { types: [NotFound, MembershipManaged] }

builder.mutationFields((t) => ({
  addTeamMember: t.field({
    type: MembershipType,
    permission: 'users:update',
    description: `Adds a user to a team. ${added}`,
    errors: addErrors,
    args: { input: t.arg({ type: AddTeamMemberInput, required: true, description: 'Who and where.' }) },
    resolve: (_, { input }, { services, actor }) => addMember(services, actor, input),
  }),
  removeTeamMember: t.field({
    type: DeletedType,
    permission: 'users:update',
    description: `Takes a user out of a team. ${removed}`,
    errors: removeErrors,
    args: { input: t.arg({ type: RemoveTeamMemberInput, required: true, description: 'Who and where.' }) },
    resolve: (_, { input }, { services, actor }) => removeMember(services, actor, input),
  }),
  addBusinessUnitMember: t.field({
    type: MembershipType,
    permission: 'users:update',
    description: `Adds a user to a business unit. ${added}`,
    errors: addErrors,
    args: {
      input: t.arg({ type: AddBusinessUnitMemberInput, required: true, description: 'Who and where.' }),
    },
    resolve: (_, { input }, { services, actor }) => addMember(services, actor, input),
  }),
  removeBusinessUnitMember: t.field({
    type: DeletedType,
    permission: 'users:update',
    description: `Takes a user out of a business unit. ${unitRemoved}`,
    errors: removeErrors,
    args: {
      input: t.arg({ type: RemoveBusinessUnitMemberInput, required: true, description: 'Who and where.' }),
    },
    resolve: (_, { input }, { services, actor }) => removeMember(services, actor, input),
  }),
}))
