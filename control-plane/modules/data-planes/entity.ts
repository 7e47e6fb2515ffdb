import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { JWK } from 'jose'
import type { NodeReported } from '../../../contract/events.ts'
import { tenantColumns } from '../../db/columns.ts'

export type ReportedPlugin = NodeReported['plugins'][number]

export const DataPlaneEntity = defineEntity({
  name: 'DataPlane',
  tableName: 'data_planes',
  properties: {
    ...tenantColumns,
    name: p.string(),
    version: p.string(),
    /** Ed25519: verifies what the data plane sends. */
    signingKey: p.json<JWK>(),
    /** X25519: its credentials are encrypted to it. */
    sealingKey: p.json<JWK>(),
    enrolledAt: p.datetime(),
    revokedAt: p.datetime().strictNullable(),
    applyStatus: p.string().$type<NodeReported['status']>(),
    appliedEpoch: p.integer().strictNullable(),
    appliedRevision: p.bigint('number').strictNullable(),
    appliedHash: p.string().strictNullable(),
    lastError: p.string().strictNullable(),
    refusedEpoch: p.integer().strictNullable(),
    refusedRevision: p.bigint('number').strictNullable(),
    ignored: p.json<string[]>(),
    heldBack: p.json<string[]>(),
    lastSeenAt: p.datetime().strictNullable(),
    plugins: p.json<ReportedPlugin[]>(),
    /** Ids of our signing keys that it believes; null: the one of its enrolment, from before there was another. */
    trustedKeys: p.json<string[]>().strictNullable(),
  },
})

export type DataPlane = InferEntity<typeof DataPlaneEntity>
