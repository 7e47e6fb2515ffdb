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
    whenCallerLeaves: p.string().$type<WhenCallerLeaves>(),
    createdAt: p.datetime(),
  },
})

/** What becomes of an answer whose caller has left. */
export const abandonments = ['abort', 'drain', 'drain_capped'] as const
export type WhenCallerLeaves = (typeof abandonments)[number]

export type Provider = InferEntity<typeof ProviderEntity>
