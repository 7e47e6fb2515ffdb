import type { InputFieldBuilder } from '@pothos/core'
import { builder } from '../../graphql/builder.ts'
import { ByIdInput } from '../../graphql/deleted.ts'
import { listPage } from '../../graphql/pagination.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { VirtualKeyEntity } from './entity.ts'
import { KeyRevoked, SecretTaken } from './errors.ts'
import {
  type IssuedKey,
  importVirtualKey,
  issueVirtualKey,
  revokeVirtualKey,
  rotateVirtualKey,
  updateVirtualKey,
} from './service.ts'
import { VirtualKeyType } from './types.ts'

export { ProviderConfigType, VirtualKeyType } from './types.ts'

builder.queryFields((t) => ({
  virtualKey: t.field({
    type: VirtualKeyType,
    nullable: true,
    permission: 'virtual_keys:view',
    description: 'One virtual key; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  virtualKeys: t.connection(
    {
      type: VirtualKeyType,
      permission: 'virtual_keys:view',
      description: 'The virtual keys of your organization, oldest first.',
      resolve: (_, page, context) => listPage(context, VirtualKeyEntity, page),
    },
    { name: 'VirtualKeyConnection', description: 'A page of virtual keys.' },
    { name: 'VirtualKeyEdge', description: 'A virtual key with its cursor.' },
  ),
}))

const IssuedVirtualKeyType = builder.objectRef<IssuedKey>('IssuedVirtualKey').implement({
  description: 'A key and its secret.',
  fields: (t) => ({
    virtualKey: t.expose('virtualKey', { type: VirtualKeyType, description: 'The key.' }),
    secret: t.exposeString('secret', {
      description: 'What the application sends. Shown here and never again: only its digest is stored.',
    }),
  }),
})

const VirtualKeyOwnerInput = builder.inputType('VirtualKeyOwnerInput', {
  description: 'Whom the calls of a key are charged to: exactly one of them.',
  isOneOf: true,
  fields: (t) => ({
    customerId: t.id({ description: 'A customer of the workspace.' }),
    teamId: t.id({
      description: 'A team of the workspace; its business unit and customer are charged too.',
    }),
    userId: t.id({ description: 'A user; their team and what it belongs to are charged too.' }),
  }),
})

const ProviderConfigInput = builder.inputType('ProviderConfigInput', {
  description: 'What a key may do with one provider.',
  fields: (t) => ({
    providerId: t.id({ required: true, description: 'The provider; each at most once.' }),
    weight: t.float({
      description:
        'Share of the calls that name no provider; null: only when it is named, or as the last one left.',
    }),
    allowedModels: t.stringList({
      required: true,
      description: '`[]` none, `["*"]` all, otherwise model names without duplicates.',
    }),
    providerKeyIds: t.idList({
      required: true,
      description: '`[]` none, `["*"]` all, otherwise ids of keys of this provider.',
    }),
  }),
})

const newKeyFields = (t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) => ({
  workspaceId: t.id({ required: true, description: 'Where it lives.' }),
  name: t.string({ required: true, description: '1 to 128 characters.' }),
  owner: t.field({
    type: VirtualKeyOwnerInput,
    required: true,
    description: 'Whom its calls are charged to.',
  }),
  providerConfigs: t.field({
    type: [ProviderConfigInput],
    required: true,
    description: 'The providers that it may use; without any it may call nothing.',
  }),
  expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; without: never.' }),
})

const IssueVirtualKeyInput = builder.inputType('IssueVirtualKeyInput', {
  description: 'A new key, whose secret Gatehouse makes.',
  fields: newKeyFields,
})

const ImportVirtualKeyInput = builder.inputType('ImportVirtualKeyInput', {
  description: 'A key whose secret applications already have.',
  fields: (t) => ({
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
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: 'Its new name.' }),
    active: t.boolean({ description: 'False switches it off, true on again.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it stops working; null: never.' }),
    providerConfigs: t.field({
      type: [ProviderConfigInput],
      description:
        'Replaces all of them. The configuration of a provider that stays keeps its id, budget and limit.',
    }),
  }),
})

const RotateVirtualKeyInput = builder.inputType('RotateVirtualKeyInput', {
  description: 'Gives a key a new secret.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    overlapSeconds: t.int({
      required: true,
      description: 'How long the old secret still works: 0 to 86400. A secret before that one ends at once.',
    }),
  }),
})

builder.mutationFields((t) => ({
  issueVirtualKey: t.field({
    type: IssuedVirtualKeyType,
    permission: 'virtual_keys:create',
    description: 'Issues a virtual key. Data planes accept it within a second.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: IssueVirtualKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => issueVirtualKey(services, actor, input),
  }),
  importVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:import',
    description: 'Takes over a key from elsewhere, so that applications keep what they have.',
    errors: { types: [NotFound, SecretTaken] },
    args: { input: t.arg({ type: ImportVirtualKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => importVirtualKey(services, actor, input),
  }),
  updateVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:update',
    description: 'Changes a key.',
    errors: { types: [NotFound, KeyRevoked] },
    args: { input: t.arg({ type: UpdateVirtualKeyInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateVirtualKey(services, actor, input),
  }),
  rotateVirtualKey: t.field({
    type: IssuedVirtualKeyType,
    permission: 'virtual_keys:rotate',
    description: 'Gives a key a new secret, while the old one goes on for a time.',
    errors: { types: [NotFound, KeyRevoked] },
    args: { input: t.arg({ type: RotateVirtualKeyInput, required: true, description: 'The rotation.' }) },
    resolve: (_, { input }, { services, actor }) => rotateVirtualKey(services, actor, input),
  }),
  revokeVirtualKey: t.field({
    type: VirtualKeyType,
    permission: 'virtual_keys:revoke',
    description:
      'Ends a key for good. Data planes refuse it within milliseconds; a call that is under way goes on.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => revokeVirtualKey(services, actor, input.id),
  }),
}))
