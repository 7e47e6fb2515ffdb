import type { Prices } from '../../../contract/money.ts'
import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { AuditActorType } from '../audit/index.ts'
import { type AnnouncedPrices, type Model, ModelEntity } from './entity.ts'
import { mostScheduledPrices } from './schedule.ts'
import { presentPrices } from './snapshot.ts'

registerNodeType('mdl', 'Model')

export const CatalogueType = builder.enumType('ModelCatalogue', {
  description:
    'Whose models a new provider begins with. Prices are the list prices of `@pydantic/genai-prices` on that day: the provider’s standard tier, for inputs of ordinary length. They are not updated by themselves.',
  values: { OPENAI: { value: 'openai', description: 'The models of OpenAI.' } } as const,
})

export const ModelPricesType = builder.objectRef<Prices>('ModelPrices').implement({
  description: 'What a model costs. Each call’s cost is rounded up to a whole nano-USD.',
  fields: (t) => ({
    inputNanoUsdPerMillionTokens: t.expose('inputNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      description: 'A million input tokens that were not read from the provider’s cache.',
    }),
    cachedInputNanoUsdPerMillionTokens: t.expose('cachedInputNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      description: 'A million input tokens that were read from the provider’s cache.',
    }),
    outputNanoUsdPerMillionTokens: t.expose('outputNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      description: 'A million output tokens.',
    }),
    imageNanoUsd: t.expose('imageNanoUsd', {
      type: 'NanoUsd',
      description: 'One picture, for models that bill by the picture; otherwise "0".',
    }),
    reasoningNanoUsdPerMillionTokens: t.expose('reasoningNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      nullable: true,
      description: 'A million output tokens that were thought and not said; null: as any other output token.',
    }),
    audioInputNanoUsdPerMillionTokens: t.expose('audioInputNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      nullable: true,
      description: 'A million input tokens of sound, cached or not; null: as any other input token.',
    }),
    audioOutputNanoUsdPerMillionTokens: t.expose('audioOutputNanoUsdPerMillionTokens', {
      type: 'NanoUsd',
      nullable: true,
      description: 'A million output tokens of sound; null: as any other output token.',
    }),
    callNanoUsd: t.field({
      type: 'NanoUsd',
      description: 'Each call that is answered, on top of its tokens.',
      resolve: ({ callNanoUsd }) => callNanoUsd ?? 0,
    }),
    toolCallNanoUsd: t.field({
      type: 'NanoUsd',
      description: 'Each use of a tool that the provider runs, such as a web search.',
      resolve: ({ toolCallNanoUsd }) => toolCallNanoUsd ?? 0,
    }),
  }),
})

const ScheduledModelPricesType = builder.objectRef<AnnouncedPrices>('ScheduledModelPrices').implement({
  description: 'What a model is going to cost.',
  fields: (t) => ({
    prices: t.field({ type: ModelPricesType, description: 'The prices.', resolve: ({ prices }) => prices }),
    validFrom: t.field({
      type: 'DateTime',
      description: 'Calls that begin at this time or later are charged by them.',
      resolve: ({ from }) => new Date(from),
    }),
    actor: t.field({ type: AuditActorType, description: 'Who announced them.', resolve: ({ by }) => by }),
  }),
})

export const ModelType = builder.loadableNodeRef('Model', {
  id: { resolve: (model: Model) => model.id },
  load: (ids: string[], context) => loadVisible(context, 'models:view', ModelEntity, ids),
})

ModelType.implement({
  description: 'A model that a provider offers, under the name that callers use.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'What callers name; unique at its provider.' }),
    upstreamName: t.exposeString('upstreamName', {
      description: 'What the provider is asked for; differs from `name` for an alias.',
    }),
    maxOutputTokens: t.exposeInt('maxOutputTokens', {
      nullable: true,
      description: 'The most tokens that one answer can have; null when it is not known.',
    }),
    prices: t.field({
      type: ModelPricesType,
      nullable: true,
      description:
        'Those of now; null when they are not known: then no call that a budget governs may use the model.',
      resolve: (model, _arguments, { services }) => presentPrices(model, services.now()),
    }),
    scheduledPrices: t.field({
      type: [ScheduledModelPricesType],
      description: `What it is going to cost, earliest first, at most ${mostScheduledPrices}: see \`scheduleModelPrices\`. Once it does, that is in \`priceHistory\`.`,
      resolve: ({ scheduledPrices }, _arguments, { services }) =>
        scheduledPrices.filter(({ from }) => from > services.now()),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})
