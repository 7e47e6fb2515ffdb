import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const TeamEntity = defineEntity({
  name: 'Team',
  tableName: 'teams',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string(),
    customerId: p.string().strictNullable(),
    businessUnitId: p.string().strictNullable(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Team = InferEntity<typeof TeamEntity>
