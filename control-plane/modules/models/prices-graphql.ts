import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { type ImportedPrices, importModelPrices, mostImportedRows, UnknownModel } from './import.ts'
import { mostScheduledPrices } from './schedule.ts'
import { cancelModelPrices, NotScheduled, scheduleModelPrices } from './scheduling.ts'
import { ModelType } from './types.ts'

export const ModelPricesInput = builder.inputType('ModelPricesInput', {
  description: 'What a model costs.',
  fields: (t) => ({
    inputNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      required: true,
      description: 'A million input tokens: "150000000" is 0.15 USD.',
    }),
    cachedInputNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      description: 'A million input tokens from the provider’s cache; without: the input price.',
    }),
    outputNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      required: true,
      description: 'A million output tokens.',
    }),
    imageNanoUsd: t.field({ type: 'NanoUsd', description: 'One picture; without: "0".' }),
    reasoningNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      description: 'A million output tokens that are thought and not said; without: the output price.',
    }),
    audioInputNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      description: 'A million input tokens of sound, cached or not; without: as any other input token.',
    }),
    audioOutputNanoUsdPerMillionTokens: t.field({
      type: 'NanoUsd',
      description: 'A million output tokens of sound; without: the output price.',
    }),
    callNanoUsd: t.field({
      type: 'NanoUsd',
      description: 'Each call that is answered, on top of its tokens; without: "0".',
    }),
    toolCallNanoUsd: t.field({
      type: 'NanoUsd',
      description: 'Each use of a tool that the provider runs, such as a web search; without: "0".',
    }),
  }),
})

const ScheduleModelPricesInput = builder.inputType('ScheduleModelPricesInput', {
  description: 'What a model is going to cost, and from when.',
  fields: (t) => ({
    ...expectedVersionField(t),
    modelId: t.id({ required: true, description: 'The model.' }),
    prices: t.field({ type: ModelPricesInput, required: true, description: 'All of its prices anew.' }),
    validFrom: t.field({
      type: 'DateTime',
      required: true,
      description: `When they begin to hold, in the future; at most ${mostScheduledPrices} times of one model. They take the place of those that are scheduled for the same time.`,
    }),
  }),
})

const CancelModelPricesInput = builder.inputType('CancelModelPricesInput', {
  description: 'Which scheduled prices of a model are not to hold.',
  fields: (t) => ({
    ...expectedVersionField(t),
    modelId: t.id({ required: true, description: 'The model.' }),
    validFrom: t.field({
      type: 'DateTime',
      required: true,
      description: 'The time that they are scheduled for.',
    }),
  }),
})

const ImportedModelPricesInput = builder.inputType('ImportedModelPricesInput', {
  description: 'One row of a price list.',
  fields: (t) => ({
    model: t.string({
      required: true,
      description: 'The names of a provider and of one of its models: "openai/gpt-4o".',
    }),
    prices: t.field({ type: ModelPricesInput, required: true, description: 'All of its prices anew.' }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'When they begin to hold, in the future; without: now.',
    }),
  }),
})

const ImportModelPricesInput = builder.inputType('ImportModelPricesInput', {
  description: 'A price list. A model that it does not name keeps its prices.',
  fields: (t) => ({
    rows: t.field({
      type: [ImportedModelPricesInput],
      required: true,
      description: `1 to ${mostImportedRows} rows, one for each model and time.`,
    }),
  }),
})

const ImportedModelPricesType = builder.objectRef<ImportedPrices>('ImportedModelPrices').implement({
  description: 'What became of a price list.',
  fields: (t) => ({
    changed: t.field({
      type: [ModelType],
      description: 'The models whose prices, now or to come, are others than before.',
      resolve: ({ changed }) => [...changed],
    }),
    unchanged: t.exposeInt('unchanged', { description: 'How many rows said what was so already.' }),
  }),
})

builder.mutationFields((t) => ({
  scheduleModelPrices: t.field({
    type: ModelType,
    permission: 'models:update',
    description:
      'Says what a model is going to cost. At that time the prices hold on every data plane by its clock, and calls that began before are charged as they began.',
    errors: { types: [NotFound, StaleUpdate] },
    args: { input: t.arg({ type: ScheduleModelPricesInput, required: true, description: 'The prices.' }) },
    resolve: (_, { input }, { services, actor }) => scheduleModelPrices(services, actor, input),
  }),
  cancelModelPrices: t.field({
    type: ModelType,
    permission: 'models:update',
    description:
      'Takes back what a model was going to cost. What holds already cannot be cancelled, only changed.',
    errors: { types: [NotFound, NotScheduled, StaleUpdate] },
    args: { input: t.arg({ type: CancelModelPricesInput, required: true, description: 'Which.' }) },
    resolve: (_, { input }, { services, actor }) => cancelModelPrices(services, actor, input),
  }),
  importModelPrices: t.field({
    type: ImportedModelPricesType,
    permission: 'models:update',
    description:
      'Takes over a price list in one revision: all of it, or, where a row is wrong, nothing. The error names the row and the field. Saying the same again changes nothing.',
    errors: { types: [UnknownModel] },
    args: { input: t.arg({ type: ImportModelPricesInput, required: true, description: 'The list.' }) },
    resolve: (_, { input }, { services, actor }) => importModelPrices(services, actor, input.rows),
  }),
}))
