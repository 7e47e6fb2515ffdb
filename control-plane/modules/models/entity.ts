import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

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
    inputPrice: p.bigint('number').strictNullable(),
    cachedInputPrice: p.bigint('number').strictNullable(),
    outputPrice: p.bigint('number').strictNullable(),
    imagePrice: p.bigint('number').strictNullable(),
    createdAt: p.datetime(),
  },
})

export type Model = InferEntity<typeof ModelEntity>
