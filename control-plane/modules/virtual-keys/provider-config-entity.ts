import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns } from '../../db/columns.ts'

/** What a virtual key may do with one provider. */
export const ProviderConfigEntity = defineEntity({
  name: 'ProviderConfig',
  tableName: 'provider_configs',
  properties: {
    ...tenantColumns,
    workspaceId: p.string(),
    virtualKeyId: p.string(),
    providerId: p.string(),
    weight: p.float().strictNullable(),
    active: p.boolean(),
    allowedModels: p.json<string[]>(),
    blockedModels: p.json<string[]>(),
    providerKeyIds: p.json<string[]>(),
  },
})

export type ProviderConfig = InferEntity<typeof ProviderConfigEntity>
