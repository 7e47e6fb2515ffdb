import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const BusinessUnitEntity = defineEntity({
  name: 'BusinessUnit',
  tableName: 'business_units',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    customerId: p.string(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type BusinessUnit = InferEntity<typeof BusinessUnitEntity>
