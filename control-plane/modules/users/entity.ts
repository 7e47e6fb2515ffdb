import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    teamId: p.string().strictNullable(),
    name: p.string(),
    email: p.string().strictNullable(),
    active: p.boolean(),
    /** What their keys may ask for, in the grammar of a key's model lists. */
    allowedModels: p.json<string[]>(),
    deniedModels: p.json<string[]>(),
    allowedProviders: p.json<string[]>(),
    deniedProviders: p.json<string[]>(),
    createdAt: p.datetime(),
  },
})

export type User = InferEntity<typeof UserEntity>
