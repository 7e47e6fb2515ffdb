import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { PolicyEffect } from '../../authorization/access-policy.ts'
import type { TimeWindow } from '../../authorization/time-window.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

/** See authorization/access-policy.ts for what each says. */
export const AccessPolicyEntity = defineEntity({
  name: 'AccessPolicy',
  tableName: 'access_policies',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    description: p.string(),
    enabled: p.boolean(),
    effect: p.string().$type<PolicyEffect>(),
    permissions: p.json<string[]>(),
    everybody: p.boolean(),
    roleIds: p.json<string[]>(),
    userIds: p.json<string[]>(),
    timeWindows: p.json<TimeWindow[]>(),
    condition: p.string().strictNullable(),
    createdAt: p.datetime(),
  },
})

export type AccessPolicyRow = InferEntity<typeof AccessPolicyEntity>
