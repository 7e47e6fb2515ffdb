import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  repeatKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { DeletedType } from '../../graphql/deleted.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { confirmationFields, confirmed, RevocationInput } from '../data-planes/index.ts'
import { addProviderKey, removeProviderKey, rotateProviderKey, updateProviderKey } from './key-service.ts'
import { ProviderKeyType } from './types.ts'

const secretRule = '1 to 4096 printable ASCII characters without spaces. Stored encrypted, never shown.'
const weightRule = 'Its share of the calls relative to the other keys: above 0, at most 1000000'

const concurrencyRule =
  'How many calls may be under way with it at once, over all data planes, 1 to 1000000: the next goes with another key of the provider, or is refused with 429 `concurrency_limited`. Null: any number.'

const AddProviderKeyInput = builder.inputType('AddProviderKeyInput', {
  description: 'A new key of a provider.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    providerId: t.id({ required: true, description: 'The provider.' }),
    name: t.string({ required: true, description: '1 to 128 characters, unique among its keys.' }),
    secret: t.string({ required: true, description: secretRule }),
    weight: t.float({ description: `${weightRule}; 1 unless said.` }),
    maxConcurrentCalls: t.int({ description: concurrencyRule }),
  }),
})

const UpdateProviderKeyInput = builder.inputType('UpdateProviderKeyInput', {
  description: 'What to change about a provider key; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: 'Its new name.' }),
    weight: t.float({ description: `${weightRule}.` }),
    active: t.boolean({ description: 'Whether data planes use it.' }),
    maxConcurrentCalls: t.int({ description: concurrencyRule }),
    ...confirmationFields(t),
  }),
})

const RotateProviderKeyInput = builder.inputType('RotateProviderKeyInput', {
  description: 'A new secret for a provider key.',
  fields: (t) => ({
    ...repeatKeyField(t),
    id: t.id({ required: true, description: 'The key.' }),
    secret: t.string({ required: true, description: secretRule }),
    ...confirmationFields(t),
  }),
})

builder.mutationFields((t) => ({
  addProviderKey: t.field({
    type: ProviderKeyType,
    permission: 'provider_keys:create',
    description: 'Adds a key to a provider; its secret reaches data planes encrypted to each of them.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: AddProviderKeyInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) => addProviderKey(services, actor, input),
  }),
  updateProviderKey: t.field({
    type: ProviderKeyType,
    permission: 'provider_keys:update',
    description: 'Renames, weighs, limits or switches off a provider key.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateProviderKeyInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => updateProviderKey(services, actor, input)),
  }),
  rotateProviderKey: t.field({
    type: ProviderKeyType,
    permission: 'provider_keys:update',
    description: 'Replaces the secret of a provider key.',
    errors: { types: [NotFound, IdempotencyKeyReused] },
    args: { input: t.arg({ type: RotateProviderKeyInput, required: true, description: 'The secret.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => rotateProviderKey(services, actor, input)),
  }),
  removeProviderKey: t.field({
    type: DeletedType,
    permission: 'provider_keys:delete',
    description: 'Removes a provider key that no virtual key names by its id.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: RevocationInput, required: true, description: 'The key.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => removeProviderKey(services, actor, input.id)),
  }),
}))
