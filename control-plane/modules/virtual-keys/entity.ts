import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const VirtualKeyEntity = defineEntity({
  name: 'VirtualKey',
  tableName: 'virtual_keys',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    workspaceId: p.string(),
    name: p.string(),
    description: p.string(),
    tags: p.json<string[]>(),
    customerId: p.string().strictNullable(),
    teamId: p.string().strictNullable(),
    userId: p.string().strictNullable(),
    status: p.string().$type<VirtualKeyStatus>(),
    priority: p.string().$type<KeyPriority>(),
    allowAllProviders: p.boolean(),
    contentLogging: p.string().$type<ContentLogging>(),
    requireFreshSeconds: p.integer().strictNullable(),
    maxConcurrentCalls: p.integer().strictNullable(),
    expiresAt: p.datetime().strictNullable(),
    deleteAfterExpiry: p.boolean(),
    /** The profile that the key follows: what the profile says of a key, the key cannot say itself. */
    accessProfileId: p.string().strictNullable(),
    createdAt: p.datetime(),
    revokedAt: p.datetime().strictNullable(),
    rotatedAt: p.datetime().strictNullable(),
    /** The caller's name for the last rotation in bulk, which is made once. */
    rotation: p.string().strictNullable(),
  },
})

export type VirtualKey = InferEntity<typeof VirtualKeyEntity>
export type VirtualKeyStatus = 'active' | 'inactive' | 'revoked'

/** In the order in which calls are refused when a data plane is at its capacity. */
export const keyPriorities = ['low', 'normal', 'high'] as const
export type KeyPriority = (typeof keyPriorities)[number]

/** Whether bodies may be logged: what a key says overrides what holds for all. */
export const contentLoggings = ['inherit', 'on', 'off'] as const
export type ContentLogging = (typeof contentLoggings)[number]
