import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { tenantColumns } from '../../db/columns.ts'

export const RequestLimitEntity = defineEntity({
  name: 'RequestLimit',
  tableName: 'request_limits',
  properties: {
    ...tenantColumns,
    workspaceId: p.string().strictNullable(),
    ownerKind: p.string().$type<GovernedLevel>(),
    ownerId: p.string(),
    maxRequests: p.integer(),
    windowSeconds: p.integer(),
    createdAt: p.datetime(),
  },
})

export type RequestLimit = InferEntity<typeof RequestLimitEntity>
