import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { CredentialKind } from '../../../contract/credential-kinds.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import type { RequiredHeader } from './settings.ts'

export const ClientConfigurationEntity = defineEntity({
  name: 'ClientConfiguration',
  tableName: 'client_configurations',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    allowedOrigins: p.json<string[]>(),
    allowedHeaders: p.json<string[]>(),
    forwardAllowlist: p.json<string[]>().strictNullable(),
    forwardDenylist: p.json<string[]>(),
    forwardDirect: p.boolean(),
    requiredHeaders: p.json<RequiredHeader[]>(),
    ipAllowlist: p.json<string[]>(),
    trustedProxies: p.json<string[]>(),
    requireApprovalForHeaderChanges: p.boolean(),
    maxStalenessSeconds: p.integer().strictNullable(),
    showBudgetAmounts: p.boolean(),
    rolesGovernInference: p.boolean(),
    acceptedCredentials: p.json<CredentialKind[]>(),
  },
})

export type ClientConfiguration = InferEntity<typeof ClientConfigurationEntity>
