import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey, Model as ModelDocument } from '../../../contract/configuration/entities.ts'
import { newId } from '../../db/id.ts'
import { type Catalogue, catalogueModels } from './catalogue.ts'
import { ModelEntity } from './entity.ts'
import { priceColumns } from './price-columns.ts'
import { modelSnapshot } from './snapshot.ts'

/** Creates the models of a catalogue for a new provider; they are written when the transaction is flushed. */
export function seedModels(
  em: EntityManager,
  provider: { readonly id: string; readonly organizationId: string },
  catalogue: Catalogue,
  createdAt: Date,
): ModelDocument[] {
  return catalogueModels(catalogue, createdAt).map(({ name, prices }) => {
    const model = em.create(ModelEntity, {
      id: newId('mdl'),
      organizationId: provider.organizationId,
      providerId: provider.id,
      name,
      upstreamName: name,
      maxOutputTokens: null,
      ...priceColumns(prices),
      scheduledPrices: [],
      createdAt,
    })
    return modelSnapshot(model)
  })
}

/** The models of a provider as data planes know them. */
export async function listModelKeys(em: EntityManager, providerId: string): Promise<EntityKey[]> {
  const models = await em.find(ModelEntity, { providerId }, { fields: ['id'] })
  return models.map(({ id }): EntityKey => `model/${id}`)
}
