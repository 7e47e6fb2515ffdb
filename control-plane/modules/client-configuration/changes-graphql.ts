import { builder } from '../../graphql/builder.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound, RefusalInterface } from '../../graphql/refusals.ts'
import { ChangeNotPending, SecondPersonRequired } from '../../graphql/second-person.ts'
import { AuditActorType } from '../audit/index.ts'
import { type ClientConfigurationChange, ClientConfigurationChangeEntity } from './change-entity.ts'
import { conditionOf, fieldsOfChange, type SettingChange, statusOf } from './changes.ts'
import { ApprovalRequired, CredentialLockout } from './errors.ts'
import { approveClientConfigurationChange, rejectClientConfigurationChange } from './service.ts'

registerNodeType('ccc', 'ClientConfigurationChange')

const StatusType = builder.enumType('ClientConfigurationChangeStatus', {
  description: 'What has become of a change that needs a second person.',
  values: {
    PENDING: { value: 'pending', description: 'It waits.' },
    APPROVED: { value: 'approved', description: 'It was made.' },
    REJECTED: { value: 'rejected', description: 'It was refused, or taken back.' },
    EXPIRED: { value: 'expired', description: 'Nobody decided it in time.' },
    STALE: { value: 'stale', description: 'The client configuration was changed before it was decided.' },
  } as const,
})

const SettingChangeType = builder.objectRef<SettingChange>('ClientConfigurationFieldChange').implement({
  description: 'What would become of one setting.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Which: `headerFilter.allowlist`, `allowedHeaders`, …' }),
    before: t.expose('before', { type: 'JSON', nullable: true, description: 'Its value until then.' }),
    after: t.expose('after', { type: 'JSON', nullable: true, description: 'Its value from then on.' }),
  }),
})

const ChangeType = builder.loadableNodeRef('ClientConfigurationChange', {
  id: { resolve: (change: ClientConfigurationChange) => change.id },
  load: (ids: string[], context) =>
    loadVisible(context, 'client_configuration:view', ClientConfigurationChangeEntity, ids),
})

ChangeType.implement({
  description:
    'A change of the client configuration that lets more headers through, or frees such changes from approval: it is made once a second person approves it.',
  fields: (t) => ({
    status: t.field({
      type: StatusType,
      description: 'What has become of it.',
      resolve: (change, _args, { services }) => statusOf(change, services.now()),
    }),
    widens: t.exposeStringList('widens', { description: 'Why it needs a second person, for that person.' }),
    fields: t.field({
      type: [SettingChangeType],
      description: 'Everything that it changes.',
      resolve: fieldsOfChange,
    }),
    requestedBy: t.expose('requester', { type: AuditActorType, description: 'Who asked for it.' }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when it can be decided.' }),
    decidedBy: t.expose('decider', {
      type: AuditActorType,
      nullable: true,
      description: 'Who approved or rejected it; null while nobody has.',
    }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true, description: 'When.' }),
  }),
})

builder.objectType(ApprovalRequired, {
  name: 'ApprovalRequired',
  description: 'Nothing was changed yet: what was asked for waits until a second person approves it.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof ApprovalRequired,
  fields: (t) => ({
    change: t.expose('change', { type: ChangeType, description: 'What waits.' }),
  }),
})

builder.queryFields((t) => ({
  clientConfigurationChange: t.field({
    type: ChangeType,
    nullable: true,
    permission: 'client_configuration:view',
    description: 'One change that needs, or needed, a second person; null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  clientConfigurationChanges: t.connection(
    {
      type: ChangeType,
      permission: 'client_configuration:view',
      description: 'Changes of the client configuration that need, or needed, a second person, newest first.',
      args: { status: t.arg({ type: StatusType, description: 'Only those; `PENDING` are to be decided.' }) },
      resolve: (_, { status, ...page }, context) =>
        listPage(context, ClientConfigurationChangeEntity, page, {
          newestFirst: true,
          where: status == null ? {} : conditionOf(status, context.services.now()),
        }),
    },
    { name: 'ClientConfigurationChangeConnection', description: 'A page of changes.' },
    { name: 'ClientConfigurationChangeEdge', description: 'A change with its cursor.' },
  ),
}))

builder.mutationFields((t) => ({
  approveClientConfigurationChange: t.field({
    type: ChangeType,
    permission: 'client_configuration:approve',
    description:
      'Makes a change that somebody else asked for; data planes follow. Refused to the user who asked, with whichever token, and to a token that stands for nobody and was issued by them.',
    errors: { types: [NotFound, ChangeNotPending, SecondPersonRequired, CredentialLockout] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      approveClientConfigurationChange(services, actor, input.id),
  }),
  rejectClientConfigurationChange: t.field({
    type: ChangeType,
    permission: 'client_configuration:approve',
    description: 'Ends a change that waits. Whoever asked for it may take it back so.',
    errors: { types: [NotFound, ChangeNotPending] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      rejectClientConfigurationChange(services, actor, input.id),
  }),
}))
