import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { tenantColumns } from '../../db/columns.ts'
import { newId } from '../../db/id.ts'
import type { Model } from './entity.ts'

/** What a model cost from some time on, and who said so. Written once, never changed. */
export const ModelPricesEntity = defineEntity({
  name: 'ModelPrices',
  tableName: 'model_prices',
  properties: {
    ...tenantColumns,
    modelId: p.string(),
    inputPrice: p.bigint('number').strictNullable(),
    cachedInputPrice: p.bigint('number').strictNullable(),
    outputPrice: p.bigint('number').strictNullable(),
    imagePrice: p.bigint('number').strictNullable(),
    validFrom: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
    actorName: p.string(),
  },
})

export type ModelPrices = InferEntity<typeof ModelPricesEntity>

interface PriceRow {
  readonly id: string
  readonly input_price: string | null
  readonly cached_input_price: string | null
  readonly output_price: string | null
  readonly image_price: string | null
}

type PricedModel = Pick<Model, 'id' | 'inputPrice' | 'cachedInputPrice' | 'outputPrice' | 'imagePrice'>

/**
 * Keeps the prices of models whose prices are others than those last kept, in the caller's transaction.
 *
 * @param modelIds written by the caller, who holds their locks.
 */
export async function keepPrices(
  em: EntityManager,
  actor: Actor,
  modelIds: readonly string[],
  validFrom: Date,
): Promise<void> {
  const { organizationId, kind: actorKind, id: actorId, name: actorName } = actor
  for (const { id: modelId, ...prices } of await readChanged(em, organizationId, modelIds)) {
    const by = { actorKind, actorId, actorName }
    em.create(ModelPricesEntity, { id: newId('mp'), organizationId, modelId, ...prices, validFrom, ...by })
  }
  await em.flush()
}

/** A model whose prices were never known has none to keep. */
async function readChanged(
  em: EntityManager,
  organizationId: string,
  modelIds: readonly string[],
): Promise<PricedModel[]> {
  const columns = ['input_price', 'cached_input_price', 'output_price', 'image_price']
  const of = (table: string) => columns.map((column) => `${table}.${column}`).join(', ')
  const rows = await em.execute<PriceRow[]>(
    `select model.id, ${of('model')} from models model
     left join lateral (
       select ${of('kept')} from model_prices kept
       where kept.org_id = model.org_id and kept.model_id = model.id order by kept.id desc limit 1) last on true
     where model.org_id = ? and model.id in (select jsonb_array_elements_text(?::jsonb))
       and row(${of('model')}) is distinct from row(${of('last')})
     order by model.id`,
    [organizationId, JSON.stringify(modelIds)],
  )
  const numberOf = (value: string | null) => (value === null ? null : Number(value))
  return rows.map(({ id, ...prices }) => ({
    id,
    inputPrice: numberOf(prices.input_price),
    cachedInputPrice: numberOf(prices.cached_input_price),
    outputPrice: numberOf(prices.output_price),
    imagePrice: numberOf(prices.image_price),
  }))
}

/** When each of these stopped being the price: when the next one of its model began; null for the present one. */
export async function readEnds(em: EntityManager, ids: readonly string[]): Promise<(Date | null)[]> {
  const rows = await em.execute<{ id: string; until: Date | string | null }[]>(
    `select kept.id, (
       select next.valid_from from model_prices next
       where next.org_id = kept.org_id and next.model_id = kept.model_id and next.id > kept.id
       order by next.id limit 1) as until
     from model_prices kept where kept.id in (select jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(ids)],
  )
  const ends = new Map(rows.map(({ id, until }) => [id, until === null ? null : new Date(until)]))
  return ids.map((id) => ends.get(id) ?? null)
}
