import { builder } from '../../graphql/builder.ts'
import { listPageBelow } from '../../graphql/nested-pages.ts'
import { transactionOf } from '../../service-context.ts'
import { AuditActorType } from '../audit/index.ts'
import { pricesOf } from './price-columns.ts'
import { type ModelPrices, ModelPricesEntity, readEnds } from './price-history.ts'
import { ModelPricesType, ModelType } from './types.ts'

const ModelPriceVersionType = builder.objectRef<ModelPrices>('ModelPriceVersion').implement({
  description:
    'What a model cost for a while. A call is charged at the prices of the time at which it began.',
  fields: (t) => ({
    prices: t.field({
      type: ModelPricesType,
      nullable: true,
      description: 'The prices; null while they were not known.',
      resolve: pricesOf,
    }),
    validFrom: t.expose('validFrom', { type: 'DateTime', description: 'Since when.' }),
    validUntil: t.loadable({
      type: 'DateTime',
      nullable: true,
      description: 'Until when; null for what holds now.',
      load: (ids: string[], { services, actor }) => transactionOf(services, actor, (em) => readEnds(em, ids)),
      resolve: ({ id }) => id,
    }),
    actor: t.field({
      type: AuditActorType,
      description: 'Who set them.',
      resolve: ({ actorKind: kind, actorId: id, actorName: name }) => ({ kind, id, name }),
    }),
  }),
})

builder.objectField(ModelType, 'priceHistory', (t) =>
  t.connection(
    {
      type: ModelPriceVersionType,
      description: 'What it has cost since it was added, oldest first; the last entry is what it costs now.',
      resolve: ({ id }, page, context) =>
        listPageBelow(
          context,
          { entity: ModelPricesEntity, table: 'model_prices', column: 'model_id' },
          id,
          page,
        ),
    },
    { name: 'ModelPriceHistoryConnection', description: 'A page of a model’s price history.' },
    { name: 'ModelPriceHistoryEdge', description: 'Prices of a model with their cursor.' },
  ),
)
