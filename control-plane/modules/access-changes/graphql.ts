import { builder } from '../../graphql/builder.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { ChangeNotPending, SecondPersonRequired } from '../../graphql/second-person.ts'
import { RightsExceeded } from '../roles/index.ts'
import { approvable } from './approvable.ts'
import { approveAccessChange, rejectAccessChange, withdrawAccessChange } from './decide.ts'
import { AccessChangeEntity, conditionOf } from './entity.ts'
import { approvalRefusals, SignInRequired, TooFewApprovers } from './errors.ts'
import { type AccessApproval, readAccessApproval, setAccessApproval } from './setting.ts'
import { AccessChangeType, StatusType } from './types.ts'

const requiredRule =
  'Whether changes of roles, of who has them, of identity providers, their directories and who is whom at them wait for a second person; this setting too.'

const AccessApprovalType = builder.objectRef<AccessApproval>('AccessApproval').implement({
  description: 'Whether two people decide who may do what.',
  fields: (t) => ({
    requireApprovalForAccessChanges: t.exposeBoolean('requireApprovalForAccessChanges', {
      description: requiredRule,
    }),
  }),
})

const SetAccessApprovalInput = builder.inputType('SetAccessApprovalInput', {
  description: 'Whether two people are to decide who may do what.',
  fields: (t) => ({
    requireApprovalForAccessChanges: t.boolean({ required: true, description: requiredRule }),
  }),
})

builder.queryFields((t) => ({
  accessApproval: t.field({
    type: AccessApprovalType,
    permission: 'access_changes:view',
    description: 'Whether changes of roles and identity providers wait for a second person.',
    resolve: (_, _args, { services, actor }) => readAccessApproval(services, actor),
  }),
  accessChange: t.field({
    type: AccessChangeType,
    nullable: true,
    permission: 'access_changes:view',
    description: 'One change that needs, or needed, a second person; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  accessChanges: t.connection(
    {
      type: AccessChangeType,
      permission: 'access_changes:view',
      description:
        'Changes of roles and identity providers that need, or needed, a second person, newest first.',
      args: { status: t.arg({ type: StatusType, description: 'Only those; `PENDING` are to be decided.' }) },
      resolve: (_, { status, ...page }, context) =>
        listPage(context, AccessChangeEntity, page, {
          newestFirst: true,
          where: status == null ? {} : conditionOf(status, context.services.now()),
        }),
    },
    { name: 'AccessChangeConnection', description: 'A page of changes.' },
    { name: 'AccessChangeEdge', description: 'A change with its cursor.' },
  ),
}))

builder.mutationFields((t) => ({
  setAccessApproval: t.field({
    type: AccessApprovalType,
    permission: 'access_changes:update',
    description:
      'Says whether changes of roles and identity providers wait for a second person. It needs two active users who could approve; once it is so, a second person has to approve that it ends, or `gatehouse stop-access-approval` ends it for whoever has the database.',
    errors: { types: [TooFewApprovers, ...approvalRefusals] },
    args: { input: t.arg({ type: SetAccessApprovalInput, required: true, description: 'Whether.' }) },
    resolve: approvable('setAccessApproval', setAccessApproval),
  }),
  approveAccessChange: t.field({
    type: AccessChangeType,
    permission: 'access_changes:approve',
    description:
      'Makes a change that somebody else asked for, in their name. Both may do it themselves now; whoever approves has signed in at an identity provider as another user than the one who asked.',
    errors: {
      types: [NotFound, ChangeNotPending, SecondPersonRequired, SignInRequired, RightsExceeded],
    },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => approveAccessChange(services, actor, input.id),
  }),
  rejectAccessChange: t.field({
    type: AccessChangeType,
    permission: 'access_changes:approve',
    description: 'Ends a change that waits. What its input held is deleted.',
    errors: { types: [NotFound, ChangeNotPending] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => rejectAccessChange(services, actor, input.id),
  }),
  withdrawAccessChange: t.field({
    type: AccessChangeType,
    permission: 'access_changes:view',
    description: 'Takes back a change that you asked for and that waits. What its input held is deleted.',
    errors: { types: [NotFound, ChangeNotPending] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => withdrawAccessChange(services, actor, input.id),
  }),
}))
