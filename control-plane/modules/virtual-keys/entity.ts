import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const VirtualKeyEntity = defineEntity({
  name: 'VirtualKey',
  tableName: 'virtual_keys',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    name: p.string(),
    customerId: p.string().strictNullable(),
    teamId: p.string().strictNullable(),
    userId: p.string().strictNullable(),
    status: p.string().$type<VirtualKeyStatus>(),
    expiresAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
    revokedAt: p.datetime().strictNullable(),
  },
})

export type VirtualKey = InferEntity<typeof VirtualKeyEntity>
export type VirtualKeyStatus = 'active' | 'inactive' | 'revoked'
