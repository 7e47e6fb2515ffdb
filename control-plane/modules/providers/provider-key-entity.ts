import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

export const ProviderKeyEntity = defineEntity({
  name: 'ProviderKey',
  tableName: 'provider_keys',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    providerId: p.string(),
    name: p.string(),
    weight: p.float(),
    active: p.boolean(),
    maxConcurrentCalls: p.integer().strictNullable(),
    /** New with each secret. */
    credentialId: p.string(),
    /** Encrypted under the installation's key; see control-plane/secrets. */
    sealedSecret: p.text().hidden(),
    createdAt: p.datetime(),
    /** Since when a data plane that is revoked knows the present secret; null: none does. */
    exposedAt: p.datetime().strictNullable(),
  },
})

export type ProviderKey = InferEntity<typeof ProviderKeyEntity>
