import { builder } from '../../graphql/builder.ts'
import {
  AlreadyIssued,
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { DeletedType } from '../../graphql/deleted.ts'
import { listOrderedPage } from '../../graphql/ordered-page.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { confirmationFields, confirmed, RevocationInput } from '../data-planes/index.ts'
import { deleteVirtualKey } from './deletion.ts'
import { VirtualKeyEntity } from './entity.ts'
import { KeyRevoked, ProfileManaged, SecretTaken } from './errors.ts'
import { keyCondition } from './filter.ts'
import {
  concurrencyField,
  expiryFields,
  freshnessField,
  labelFields,
  newKeyFields,
  ProviderConfigInput,
  priorityField,
  scopeFields,
} from './inputs.ts'
import { IssuedVirtualKeyType } from './issued-key.ts'
import './last-use.ts'
import { VirtualKeyFilterInput, VirtualKeyOrderInput } from './list-graphql.ts'
import './lint-graphql.ts'
import './rotation-graphql.ts'
import { importVirtualKey, issueVirtualKey, revokeVirtualKey, updateVirtualKey } from './service.ts'
import { VirtualKeyType } from './types.ts'

export { ProviderConfigType, VirtualKeyType } from './types.ts'

builder.queryFields((t) => ({
  virtualKey: t.field({
    type: VirtualKeyType,
    nullable: true,
    permission: 'virtual_keys:view',
    objectAt: 'id',
    description: 'One virtual key; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  virtualKeys: t.connection(
    {
      type: VirtualKeyType,
      permission: 'virtual_keys:view',
      description: 'The virtual keys of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: VirtualKeyFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: VirtualKeyOrderInput, description: 'In this order.' }),
      },
      resolve: (_, { filter, orderBy, ...page }, context) => {
        const where = keyCondition(filter ?? {})
        // Ids are in the order of creation, and their cursors need no value beside them.
        if (!orderBy || orderBy.field === 'createdAt') {
          return listPage(context, VirtualKeyEntity, page, {
            where,
            newestFirst: orderBy?.direction === 'desc',
          })
        }
        const { field, direction } = orderBy
        const order = { column: field, direction, nullable: field === 'expiresAt' }
        return listOrderedPage(context, VirtualKeyEntity, page, { where, order })
      },
    },
    { name: 'VirtualKeyConnection', description: 'A page of virtual keys.' },
    { name: 'VirtualKeyEdge', description: 'A virtual key with its cursor.' },
  ),
}))

const IssueVirtualKeyInput = builder.inputType('IssueVirtualKeyInput', {
  description: 'A new key, whose secret Gatehouse makes.',
  fields: (t) => ({ ...newKeyFields(t), ...idempotencyKeyField(t) }),
})

const ImportVirtualKeyInput = builder.inputType('ImportVirtualKeyInput', {
  description: 'A key whose secret applications already have.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    ...newKeyFields(t),
    secret: t.string({
      required: true,
      description: '16 to 512 printable ASCII characters without spaces. Only its digest is stored.',
    }),
  }),
})

const UpdateVirtualKeyInput = builder.inputType('UpdateVirtualKeyInput', {
  description: 'What to change about a key; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: 'Its new name.' }),
    active: t.boolean({ description: 'False switches it off, true on again.' }),
    ...labelFields(t),
    ...priorityField(t),
    ...scopeFields(t),
    ...freshnessField(t),
    ...concurrencyField(t),
    ...expiryFields(t),
    providerConfigs: t.field({
      type: [ProviderConfigInput],
      description:
        'Replaces all of them. The configuration of a provider that stays keeps its id, budgets and limits.',
    }),
    ...confirmationFields(t),
  }),
})

const RevokeVirtualKeyInput = builder.inputType('RevokeVirtualKeyInput', {
  description: 'Which key ends, and whether to wait until data planes refuse it.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The key.' }), ...confirmationFields(t) }),
})

builder.mutationFields((t) => ({
  issueVirtualKey: t.field({
    type: IssuedVirtualKeyType,
    permission: 'virtual_keys:create',
    description: 'Issues a virtual key. Data planes accept it within a second.',
    errors: { types: [NotFound, IdempotencyKeyReused, AlreadyIssued] },
    args: { input: t.arg({ type: IssueVirtualKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => issueVirtualKey(services, actor, input),
  }),
  importVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:import',
    description: 'Takes over a key from elsewhere, so that applications keep what they have.',
    errors: { types: [NotFound, SecretTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: ImportVirtualKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => importVirtualKey(services, actor, input),
  }),
  updateVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:update',
    objectAt: 'input.id',
    description: 'Changes a key.',
    errors: { types: [NotFound, KeyRevoked, ProfileManaged, StaleUpdate] },
    args: { input: t.arg({ type: UpdateVirtualKeyInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => updateVirtualKey(services, actor, input)),
  }),
  revokeVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:revoke',
    objectAt: 'input.id',
    description:
      'Ends a key for good. Data planes refuse it within milliseconds; a call that is under way goes on. With `waitFor: ALL`, no data plane admits a call of the key once this has answered.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: RevokeVirtualKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => revokeVirtualKey(services, actor, input)),
  }),
  deleteVirtualKey: t.field({
    type: DeletedType,
    permission: 'virtual_keys:revoke',
    objectAt: 'input.id',
    description:
      'Ends a key and deletes it with its budgets and limits. Its usage records stay, without the key.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: RevocationInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => deleteVirtualKey(services, actor, input.id)),
  }),
}))
