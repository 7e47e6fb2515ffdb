import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

/** A user who may sign in with a local password. Until they have enrolled they cannot. */
export const BreakGlassAccountEntity = defineEntity({
  name: 'BreakGlassAccount',
  tableName: 'break_glass_accounts',
  properties: {
    ...tenantColumns,
    userId: p.string(),
    /** SHA-256 of the secret with which the user chooses a password, hex; null: used. */
    enrolmentDigest: p.string().strictNullable().hidden(),
    enrolmentExpiresAt: p.datetime().strictNullable(),
    passwordHash: p.string().strictNullable().hidden(),
    sealedTotpSecret: p.string().strictNullable().hidden(),
    /** When the user has shown that their authenticator works; null: not yet. */
    enrolledAt: p.datetime().strictNullable(),
    /** The time step of the last code that was used: neither it nor one before is taken again. */
    lastTotpStep: p.bigint('number').strictNullable().hidden(),
    createdAt: p.datetime(),
    lastUsedAt: p.datetime().strictNullable(),
  },
})

export type BreakGlassAccount = InferEntity<typeof BreakGlassAccountEntity>
