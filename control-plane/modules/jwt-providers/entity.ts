import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { TokenAlgorithm, VerificationKey } from '../../../contract/configuration/tokens.ts'
import { tenantColumns, versionColumn } from '../../db/columns.ts'

/** See contract/configuration/tokens.ts for what each asks of a token. */
export const JwtProviderEntity = defineEntity({
  name: 'JwtProvider',
  tableName: 'jwt_providers',
  properties: {
    ...tenantColumns,
    ...versionColumn,
    name: p.string(),
    issuer: p.string(),
    /** Whose subjects the tokens name. */
    identityProviderId: p.string(),
    audiences: p.json<string[]>(),
    algorithm: p.string().$type<TokenAlgorithm>(),
    tokenTypes: p.json<string[]>().strictNullable(),
    requiredClaims: p.json<RequiredClaim[]>(),
    subjectClaim: p.string(),
    maxAgeSeconds: p.integer(),
    /** Whether the tokens are credentials of this API too. */
    opensControlPlane: p.boolean(),
    enabled: p.boolean(),
    /** Null: its keys were given, or it has a secret. */
    jwksUrl: p.string().strictNullable(),
    /** Private networks in which that URL may be. */
    trustedNetworks: p.json<string[]>(),
    /** Those that fit the algorithm. What is fetched is written beside the version, for nobody changed a setting by it. */
    keys: p.json<VerificationKey[]>(),
    keysFetchedAt: p.datetime().strictNullable(),
    keysAskedAt: p.datetime().strictNullable(),
    keysProblem: p.string().strictNullable(),
    /** New with each secret. */
    secretId: p.string().strictNullable(),
    sealedSecret: p.string().strictNullable().hidden(),
    /** Since when a data plane that is revoked knows the present secret; null: none does. */
    secretExposedAt: p.datetime().strictNullable(),
    createdAt: p.datetime(),
  },
})

/** A claim that must have exactly this value, or a list that holds it. */
export interface RequiredClaim {
  readonly claim: string
  readonly value: string
}

export type JwtProvider = InferEntity<typeof JwtProviderEntity>
