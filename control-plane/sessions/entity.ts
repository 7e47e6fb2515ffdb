import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../db/columns.ts'

/** A `StoredSession`, whose docstrings say what the columns are. */
export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    ...tenantColumns,
    userId: p.string(),
    providerId: p.string(),
    subjectTag: p.string(),
    providerSessionTag: p.string().strictNullable(),
    digest: p.string().hidden(),
    details: p.text().hidden(),
    secrets: p.text().hidden(),
    secretsVersion: p.integer(),
    refreshingUntil: p.datetime().strictNullable(),
    lastSeenAt: p.datetime(),
    endsAt: p.datetime(),
    expiresAt: p.datetime(),
    checkedAt: p.datetime(),
  },
})

export type SessionRow = InferEntity<typeof SessionEntity>
