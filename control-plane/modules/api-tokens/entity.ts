import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { IssuedWith } from '../../assurance.ts'
import { tenantColumns } from '../../db/columns.ts'

const lastUseOf = (digest: string) =>
  `(select used.last_used_at from api_token_uses used where used.digest = ${digest})`

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
    /** The `personId` of whoever was shown its secret; null: nobody known. */
    shownTo: p.string().strictNullable().hidden(),
    /** What whoever issued it had proved by then; null: nothing. */
    issuedWith: p.json<IssuedWith>().strictNullable().hidden(),
    /** SHA-256 of the secret, hex. */
    digest: p.string().hidden(),
    /** For whoever has the database and no other way in: it is accepted whatever the organization says. */
    forRecovery: p.boolean().hidden(),
    expiresAt: p.datetime().strictNullable(),
    revokedAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
    rotatedAt: p.datetime().strictNullable(),
    /** Of the secret before the last rotation, with when it stops working and who knows it; all three or none. */
    formerDigest: p.string().strictNullable().hidden(),
    formerExpiresAt: p.datetime().strictNullable(),
    formerPersonId: p.string().strictNullable().hidden(),
    formerShownTo: p.string().strictNullable().hidden(),
    lastUsedAt: p
      .datetime()
      .nullable()
      .formula(({ digest = '' }) => lastUseOf(digest)),
    formerLastUsedAt: p
      .datetime()
      .nullable()
      .formula(({ formerDigest = '' }) => lastUseOf(formerDigest)),
  },
})

export type ApiToken = InferEntity<typeof ApiTokenEntity>
