import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { DeletedType } from '../../graphql/deleted.ts'
import { listNamed, NamedOrderInput, searchDescription } from '../../graphql/named-lists.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { confirmationFields, confirmed, RevocationInput } from '../data-planes/index.ts'
import { CatalogueType, ModelType } from '../models/index.ts'
import { ProviderEntity } from './entity.ts'
import './key-graphql.ts'
import {
  createProvider,
  defaultConnectTimeoutMs,
  defaultIdleTimeoutMs,
  deleteProvider,
  updateProvider,
} from './service.ts'
import { ProviderType, WhenCallerLeavesType } from './types.ts'

builder.objectField(ModelType, 'provider', (t) =>
  t.field({
    type: ProviderType,
    nullable: true,
    description: 'Who answers for it.',
    resolve: ({ providerId }) => providerId,
  }),
)

const ProviderFilterInput = builder.inputType('ProviderFilter', {
  description: 'Which providers; all conditions must hold.',
  fields: (t) => ({
    active: t.boolean({ description: 'Switched on, or off.' }),
    search: t.string({ description: searchDescription }),
  }),
})

builder.queryFields((t) => ({
  provider: t.field({
    type: ProviderType,
    nullable: true,
    permission: 'providers:view',
    objectAt: 'id',
    description: 'One provider; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  providers: t.connection(
    {
      type: ProviderType,
      permission: 'providers:view',
      description: 'The providers of your organization, oldest first unless said.',
      args: {
        filter: t.arg({ type: ProviderFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, args, context) => listNamed(context, ProviderEntity, args),
    },
    { name: 'ProviderConnection', description: 'A page of providers.' },
    { name: 'ProviderEdge', description: 'A provider with its cursor.' },
  ),
}))

const nameRule = '1 to 64 of a-z, 0-9, `-` and `_`, unique in the organization.'
const baseUrlRule =
  'Below it the OpenAI API is found, such as `https://api.openai.com/v1`. No user, query or fragment. Plain http, a loopback, private or link-local host only with `allowPrivateNetwork`.'

const CreateProviderInput = builder.inputType('CreateProviderInput', {
  description: 'A new provider.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    name: t.string({ required: true, description: nameRule }),
    baseUrl: t.string({ required: true, description: baseUrlRule }),
    catalogue: t.field({
      type: CatalogueType,
      description: 'Which known models, with their list prices, it begins with; without: none.',
    }),
    allowPrivateNetwork: t.boolean({
      description: 'True lets the base URL name a host of a private network; without: false.',
    }),
    connectTimeoutMs: t.int({
      description: `Longest time to connect: 1 to 60000 milliseconds, ${defaultConnectTimeoutMs} unless said.`,
    }),
    idleTimeoutMs: t.int({
      description: `Longest silence: 1 to 3600000 milliseconds, ${defaultIdleTimeoutMs} unless said.`,
    }),
    whenCallerLeaves: t.field({
      type: WhenCallerLeavesType,
      description: 'What becomes of an answer whose caller has left; `DRAIN_CAPPED` unless said.',
    }),
  }),
})

const UpdateProviderInput = builder.inputType('UpdateProviderInput', {
  description: 'What to change about a provider; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The provider.' }),
    name: t.string({ description: nameRule }),
    baseUrl: t.string({ description: baseUrlRule }),
    allowPrivateNetwork: t.boolean({
      description: 'Whether the base URL may name a host of a private network.',
    }),
    active: t.boolean({ description: 'False stops every call to it, true admits them again.' }),
    connectTimeoutMs: t.int({ description: 'Longest time to connect: 1 to 60000 milliseconds.' }),
    idleTimeoutMs: t.int({ description: 'Longest silence: 1 to 3600000 milliseconds.' }),
    whenCallerLeaves: t.field({
      type: WhenCallerLeavesType,
      description: 'What becomes of an answer whose caller has left.',
    }),
    ...confirmationFields(t),
  }),
})

builder.mutationFields((t) => ({
  createProvider: t.field({
    type: ProviderType,
    permission: 'providers:create',
    description: 'Creates a provider, with the models of a catalogue if one is named.',
    errors: { types: [NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateProviderInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) => createProvider(services, actor, input),
  }),
  updateProvider: t.field({
    type: ProviderType,
    permission: 'providers:update',
    objectAt: 'input.id',
    description: 'Changes a provider. Calls that have begun end as they began.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateProviderInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => updateProvider(services, actor, input)),
  }),
  deleteProvider: t.field({
    type: DeletedType,
    permission: 'providers:delete',
    objectAt: 'input.id',
    description: 'Deletes a provider that no virtual key names, with its keys and models.',
    errors: { types: [NotFound, InUse] },
    args: { input: t.arg({ type: RevocationInput, required: true, description: 'The provider.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => deleteProvider(services, actor, input.id)),
  }),
}))
