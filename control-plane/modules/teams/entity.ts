import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const TeamEntity = defineEntity({
  name: 'Team',
  tableName: 'teams',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    customerId: p.string().strictNullable(),
    businessUnitId: p.string().strictNullable(),
    name: p.string(),
    createdAt: p.datetime(),
  },
})

export type Team = InferEntity<typeof TeamEntity>
