import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const CustomerEntity = defineEntity({
  name: 'Customer',
  tableName: 'customers',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Customer = InferEntity<typeof CustomerEntity>
