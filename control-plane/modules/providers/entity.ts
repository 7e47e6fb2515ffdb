import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const ProviderEntity = defineEntity({
  name: 'Provider',
  tableName: 'providers',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    baseUrl: p.string(),
    allowPrivateNetwork: p.boolean(),
    active: p.boolean(),
    connectTimeoutMs: p.integer(),
    idleTimeoutMs: p.integer(),
    createdAt: p.datetime(),
  },
})

export type Provider = InferEntity<typeof ProviderEntity>
