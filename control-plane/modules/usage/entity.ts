import { defineEntity, type InferEntity, p } from '@mikro-orm/core'
import type { CallFinished, CallOutcome } from '../../../contract/events.ts'
import { tenantColumns } from '../../db/columns.ts'

/** One call, served or refused, as its data plane reported it. Written once, never changed. */
export const UsageRecordEntity = defineEntity({
  name: 'UsageRecord',
  tableName: 'usage_records',
  properties: {
    ...tenantColumns,
    attemptId: p.string(),
    workspaceId: p.string().strictNullable(),
    dataPlaneId: p.string(),
    requestId: p.string(),
    /** When the call began. */
    at: p.datetime(),
    durationMs: p.double().$type<number>(),
    operation: p.string(),
    streamed: p.boolean(),
    virtualKeyId: p.string().strictNullable(),
    userId: p.string().strictNullable(),
    teamId: p.string().strictNullable(),
    businessUnitId: p.string().strictNullable(),
    customerId: p.string().strictNullable(),
    providerId: p.string().strictNullable(),
    providerConfigId: p.string().strictNullable(),
    requestedModel: p.string().strictNullable(),
    upstreamModel: p.string().strictNullable(),
    inputTokens: p.bigint('number'),
    cachedInputTokens: p.bigint('number'),
    outputTokens: p.bigint('number'),
    images: p.bigint('number'),
    audioInputTokens: p.bigint('number'),
    reasoningTokens: p.bigint('number'),
    audioOutputTokens: p.bigint('number'),
    toolCalls: p.bigint('number'),
    estimated: p.boolean(),
    costNanoUsd: p.bigint('string'),
    outcome: p.string().$type<CallOutcome>(),
    status: p.integer(),
    errorCode: p.string().strictNullable(),
    epoch: p.integer(),
    revision: p.bigint('number'),
    charges: p.json<CallFinished['charges']>(),
  },
})

export type UsageRecord = InferEntity<typeof UsageRecordEntity>
