import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

export const ApiTokenEntity = defineEntity({
  name: 'ApiToken',
  tableName: 'api_tokens',
  properties: {
    ...tenantColumns,
    workspaceId: p.string().strictNullable(),
    name: p.string(),
    /** Null: of an ended token, whose role is deleted. */
    roleId: p.string().strictNullable(),
    /** The user that it stands for. */
    userId: p.string().strictNullable(),
    /** Who is behind it, see `Actor.personId`. */
    personId: p.string().hidden(),
    /** SHA-256 of the secret, hex. */
    digest: p.string().hidden(),
    expiresAt: p.datetime().strictNullable(),
    revokedAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
  },
})

export type ApiToken = InferEntity<typeof ApiTokenEntity>
