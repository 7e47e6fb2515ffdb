import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import type { ProfileBudget } from '../budgets/index.ts'
import type { LimitTerms } from '../limits/index.ts'
import type { ContentLogging, ExpiryPreset } from '../virtual-keys/index.ts'

/** A template of virtual keys. Data planes know nothing of it: they are told the keys that follow it. */
export const AccessProfileEntity = defineEntity({
  name: 'AccessProfile',
  tableName: 'access_profiles',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    description: p.string(),
    purpose: p.string().$type<ProfilePurpose>(),
    allowAllProviders: p.boolean(),
    contentLogging: p.string().$type<ContentLogging>(),
    expiresIn: p.string().$type<ExpiryPreset>().strictNullable(),
    deleteAfterExpiry: p.boolean(),
    budgets: p.json<ProfileBudget[]>(),
    requestLimits: p.json<LimitTerms[]>(),
    createdAt: p.datetime(),
  },
})

/** Keys for CI are kept narrow. */
export type ProfilePurpose = 'general' | 'ci'

export type AccessProfile = InferEntity<typeof AccessProfileEntity>

/** What the keys of a profile may do with one provider. */
export const ProfileProviderConfigEntity = defineEntity({
  name: 'ProfileProviderConfig',
  tableName: 'profile_provider_configs',
  properties: {
    ...tenantColumns,
    accessProfileId: p.string(),
    providerId: p.string(),
    weight: p.float().strictNullable(),
    active: p.boolean(),
    allowedModels: p.json<string[]>(),
    blockedModels: p.json<string[]>(),
    providerKeyIds: p.json<string[]>(),
  },
})

export type ProfileProviderConfig = InferEntity<typeof ProfileProviderConfigEntity>
