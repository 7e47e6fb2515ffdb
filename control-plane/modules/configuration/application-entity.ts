import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

/** A data plane began to run a version of the configuration. Written once, never changed. */
export const ConfigurationApplicationEntity = defineEntity({
  name: 'ConfigurationApplication',
  tableName: 'configuration_applications',
  properties: {
    ...tenantColumns,
    dataPlaneId: p.string(),
    epoch: p.integer(),
    revision: p.bigint('number'),
    hash: p.string().strictNullable(),
    at: p.datetime(),
  },
})

export type ConfigurationApplication = InferEntity<typeof ConfigurationApplicationEntity>
