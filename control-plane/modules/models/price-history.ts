import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { tenantColumns } from '../../db/columns.ts'
import { newId } from '../../db/id.ts'
import { type AnnouncedPrices, ModelEntity } from './entity.ts'
import { type PriceColumns, priceColumns, priceProperties, pricesOf } from './price-columns.ts'

/** What a model cost from some time on, and who said so. Written once, never changed. */
export const ModelPricesEntity = defineEntity({
  name: 'ModelPrices',
  tableName: 'model_prices',
  properties: {
    ...tenantColumns,
    modelId: p.string(),
    ...priceProperties,
    validFrom: p.datetime(),
    actorKind: p.string(),
    actorId: p.string(),
    actorName: p.string(),
  },
})

export type ModelPrices = InferEntity<typeof ModelPricesEntity>

/**
 * Keeps the prices of models whose prices are others than those last kept, in the caller's transaction.
 *
 * @param modelIds written by the caller, who holds their locks and has settled what was scheduled.
 */
export async function keepPrices(
  em: EntityManager,
  actor: Actor,
  modelIds: readonly string[],
  validFrom: Date,
): Promise<void> {
  const models = await em.find(ModelEntity, { id: { $in: [...modelIds] } }, { orderBy: { id: 'asc' } })
  const entries = models.map((model) => ({
    modelId: model.id,
    columns: priceColumns(pricesOf(model)),
    validFrom,
    by: actor,
  }))
  await appendPrices(em, actor.organizationId, entries)
}

export interface KeptPrices {
  readonly modelId: string
  readonly columns: PriceColumns
  readonly validFrom: Date
  readonly by: AnnouncedPrices['by']
}

/** Adds what is another price than the one before it; a model whose prices were never known has none to keep. */
export async function appendPrices(
  em: EntityManager,
  organizationId: string,
  entries: readonly KeptPrices[],
): Promise<void> {
  const last = await readLast(em, organizationId, [...new Set(entries.map(({ modelId }) => modelId))])
  for (const { modelId, columns, validFrom, by } of entries) {
    const text = textOf(columns)
    if (text === (last.get(modelId) ?? unknown)) continue
    last.set(modelId, text)
    const author = { actorKind: by.kind, actorId: by.id, actorName: by.name }
    em.create(ModelPricesEntity, {
      id: newId('mp'),
      organizationId,
      modelId,
      ...columns,
      validFrom,
      ...author,
    })
  }
  await em.flush()
}

const textOf = (columns: PriceColumns) => JSON.stringify(priceColumns(pricesOf(columns)))
const unknown = textOf(priceColumns(null))

async function readLast(
  em: EntityManager,
  organizationId: string,
  modelIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await em.execute<{ id: string }[]>(
    `select last.id from jsonb_array_elements_text(?::jsonb) model (id) cross join lateral (
       select kept.id from model_prices kept
       where kept.org_id = ? and kept.model_id = model.id order by kept.id desc limit 1) last`,
    [JSON.stringify(modelIds), organizationId],
  )
  const kept = await em.find(ModelPricesEntity, { id: { $in: rows.map(({ id }) => id) } })
  return new Map(kept.map((prices) => [prices.modelId, textOf(prices)]))
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
