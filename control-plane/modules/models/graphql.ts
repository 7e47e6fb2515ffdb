import { builder } from '../../graphql/builder.ts'
import {
  expectedVersionField,
  IdempotencyKeyReused,
  idempotencyKeyField,
  StaleUpdate,
} from '../../graphql/concurrency-fields.ts'
import { ByIdInput, DeletedType } from '../../graphql/deleted.ts'
import { listNamed, NamedOrderInput, searchDescription } from '../../graphql/named-lists.ts'
import { NameTaken, NotFound } from '../../graphql/refusals.ts'
import { ModelEntity } from './entity.ts'
import './price-history-graphql.ts'
import { ModelPricesInput } from './prices-graphql.ts'
import { createModel, deleteModel, updateModel } from './service.ts'
import { ModelType } from './types.ts'

const ModelFilterInput = builder.inputType('ModelFilter', {
  description: 'Which models.',
  fields: (t) => ({ search: t.string({ description: searchDescription }) }),
})

builder.queryFields((t) => ({
  model: t.field({
    type: ModelType,
    nullable: true,
    permission: 'models:view',
    description: 'One model; null when there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_, { id }) => id,
  }),
  models: t.connection(
    {
      type: ModelType,
      permission: 'models:view',
      description: 'The models of your organization’s providers, oldest first unless said.',
      args: {
        providerId: t.arg.id({ description: 'Only those of this provider.' }),
        filter: t.arg({ type: ModelFilterInput, description: 'Only these.' }),
        orderBy: t.arg({ type: NamedOrderInput, description: 'In this order.' }),
      },
      resolve: (_, { providerId, filter, ...args }, context) =>
        listNamed(context, ModelEntity, { ...args, filter: { ...filter, providerId } }),
    },
    { name: 'ModelConnection', description: 'A page of models.' },
    { name: 'ModelEdge', description: 'A model with its cursor.' },
  ),
}))

const CreateModelInput = builder.inputType('CreateModelInput', {
  description: 'A new model.',
  fields: (t) => ({
    ...idempotencyKeyField(t),
    providerId: t.id({ required: true, description: 'Who answers for it.' }),
    name: t.string({ required: true, description: '1 to 256 characters, unique at its provider.' }),
    upstreamName: t.string({ description: 'What the provider is asked for; without: the name.' }),
    maxOutputTokens: t.int({ description: 'The most tokens of one answer: 1 to 10000000.' }),
    prices: t.field({
      type: ModelPricesInput,
      description: 'Without them no call that a budget governs may use the model.',
    }),
  }),
})

const UpdateModelInput = builder.inputType('UpdateModelInput', {
  description: 'What to change about a model; a field that is left out stays as it is.',
  fields: (t) => ({
    ...expectedVersionField(t),
    id: t.id({ required: true, description: 'The model.' }),
    name: t.string({ description: 'Its new name.' }),
    upstreamName: t.string({ description: 'What the provider is asked for.' }),
    maxOutputTokens: t.int({ description: 'The most tokens of one answer; null: not known.' }),
    prices: t.field({ type: ModelPricesInput, description: 'All of its prices anew; null: not known.' }),
  }),
})

builder.mutationFields((t) => ({
  createModel: t.field({
    type: ModelType,
    permission: 'models:create',
    description: 'Adds a model to a provider, or an alias of one.',
    errors: { types: [NotFound, NameTaken, IdempotencyKeyReused] },
    args: { input: t.arg({ type: CreateModelInput, required: true, description: 'The model.' }) },
    resolve: (_, { input }, { services, actor }) => createModel(services, actor, input),
  }),
  updateModel: t.field({
    type: ModelType,
    permission: 'models:update',
    description:
      'Changes a model. Calls that have begun are charged as they began; scheduled prices stay scheduled.',
    errors: { types: [NotFound, NameTaken, StaleUpdate] },
    args: { input: t.arg({ type: UpdateModelInput, required: true, description: 'The change.' }) },
    resolve: (_, { input }, { services, actor }) => updateModel(services, actor, input),
  }),
  deleteModel: t.field({
    type: DeletedType,
    permission: 'models:delete',
    description: 'Removes a model: nobody may call it any more.',
    errors: { types: [NotFound] },
    args: { input: t.arg({ type: ByIdInput, required: true, description: 'The model.' }) },
    resolve: (_, { input }, { services, actor }) => deleteModel(services, actor, input.id),
  }),
}))
