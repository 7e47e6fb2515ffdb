import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const CustomerEntity = defineEntity({
  name: 'Customer',
  tableName: 'customers',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Customer = InferEntity<typeof CustomerEntity>
