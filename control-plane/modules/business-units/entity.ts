import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const BusinessUnitEntity = defineEntity({
  name: 'BusinessUnit',
  tableName: 'business_units',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string(),
    customerId: p.string(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type BusinessUnit = InferEntity<typeof BusinessUnitEntity>
