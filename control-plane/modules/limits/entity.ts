import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const RequestLimitEntity = defineEntity({
  name: 'RequestLimit',
  tableName: 'request_limits',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string().strictNullable(),
    ownerKind: p.string().$type<GovernedLevel>(),
    ownerId: p.string(),
    maxRequests: p.integer().strictNullable(),
    maxTokens: p.integer().strictNullable(),
    windowSeconds: p.integer(),
    /** Whether the access profile that the owner follows decides it. */
    fromProfile: p.boolean(),
    createdAt: p.datetime(),
  },
})

export type RequestLimit = InferEntity<typeof RequestLimitEntity>
