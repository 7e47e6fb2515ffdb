import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import { tenantColumns, versionColumn } from '../../db/columns.ts'
import type { DirectoryAccount } from '../../directory/directory.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import type { MfaEvidence, OAuth2Settings, ProviderKind } from '../../sign-in/provider-kinds.ts'
import type { RoleRule, RoleStrategy, TeamRule } from '../../sign-in/role-mapping.ts'

export const IdentityProviderEntity = defineEntity({
  name: 'IdentityProvider',
  tableName: 'identity_providers',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    /** Part of the addresses at which people sign in. */
    name: p.string(),
    kind: p.string().$type<ProviderKind>(),
    issuer: p.string(),
    clientId: p.string(),
    sealedClientSecret: p.string().hidden(),
    scopes: p.json<string[]>(),
    /** Of Google Workspace: the only domain whose people may sign in. */
    hostedDomain: p.string().strictNullable(),
    /** Of a provider without ID tokens. */
    endpoints: p.json<OAuth2Settings>().strictNullable(),
    /** Private networks in which the provider may be. */
    trustedNetworks: p.json<string[]>(),
    enabled: p.boolean(),
    /** When what is configured now was found to work. */
    verifiedAt: p.datetime().strictNullable(),
    /** Whether whoever is unknown becomes a user when they sign in. */
    createsUsers: p.boolean(),
    roleResolution: p.string().$type<RoleStrategy>(),
    roleRules: p.json<RoleRule[]>(),
    /** For whom no rule matches; null: they are refused. */
    defaultRoleId: p.string().strictNullable(),
    teamRules: p.json<TeamRule[]>(),
    /** Where teams live that groups name. */
    teamWorkspaceId: p.string().strictNullable(),
    businessUnitRules: p.json<BusinessUnitRule[]>(),
    /** How its directory is asked, but for the secret; null: it is not. */
    directory: p.json<ConfiguredDirectory>().strictNullable(),
    sealedDirectorySecret: p.string().strictNullable().hidden(),
    /** What counts as MFA here; null: as its kind says. */
    mfaEvidence: p.json<MfaEvidence>().strictNullable(),
    /** Keys that were fetched before are not believed any more. A change of it is a new version, which everybody sees. */
    keysFlushedAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
  },
})

export interface ConfiguredDirectory extends DirectoryAccount {
  /** Whether people are held against it once a day. */
  readonly isReconciled: boolean
  /** Whether that makes users of people who have never signed in. */
  readonly importsUsers: boolean
}

export type IdentityProvider = InferEntity<typeof IdentityProviderEntity>

/** Who a user is at an identity provider. */
export const UserIdentityEntity = defineEntity({
  name: 'UserIdentity',
  tableName: 'user_identities',
  properties: {
    ...tenantColumns,
    userId: p.string(),
    providerId: p.string(),
    /** What the provider never gives to another: `sub`, or Entra's `oid`. No e-mail address. */
    subject: p.string(),
    /** The role that the provider's claims gave last. */
    roleAssignmentId: p.string().strictNullable(),
    createdAt: p.datetime(),
    /** Null: an administrator linked them or the directory told of them, and they have not come yet. */
    lastSignedInAt: p.datetime().strictNullable(),
    /** Since when the directory has them no more; null while it has, and once somebody switched the user off by hand. */
    decommissionedAt: p.datetime().strictNullable(),
  },
})

export type UserIdentity = InferEntity<typeof UserIdentityEntity>
