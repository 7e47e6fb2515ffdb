import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { ScheduledPrices } from '../../../contract/effective-prices.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import { priceProperties } from './price-columns.ts'

/** Prices that were announced, and by whom. */
export interface AnnouncedPrices extends ScheduledPrices {
  readonly by: { readonly kind: string; readonly id: string; readonly name: string }
}

export const ModelEntity = defineEntity({
  name: 'Model',
  tableName: 'models',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    providerId: p.string(),
    name: p.string(),
    upstreamName: p.string(),
    maxOutputTokens: p.integer().strictNullable(),
    /** What it costs until the first of the scheduled prices holds. */
    ...priceProperties,
    /** Earliest first. One that holds already is moved to the columns and the history by whoever comes next. */
    scheduledPrices: p.json<readonly AnnouncedPrices[]>(),
    createdAt: p.datetime(),
  },
})

export type Model = InferEntity<typeof ModelEntity>
