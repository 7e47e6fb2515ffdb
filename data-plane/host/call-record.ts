import type { CallFinished } from '../../contract/events.ts'
import type { BuiltinCall } from '../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../plugins/sdk/call.ts'

type Charges = CallFinished['charges']

/** The record of a call that ended. */
export function recordCall(call: BuiltinCall, outcome: Outcome, charges: Charges): CallFinished {
  const { usage } = call
  return {
    ...describeCall(call),
    durationMs: outcome.durationMs,
    inputTokens: usage?.inputTokens ?? 0,
    cachedInputTokens: usage?.cachedInputTokens ?? 0,
    outputTokens: usage?.outputTokens ?? 0,
    images: usage?.images ?? 0,
    estimated: usage?.estimated ?? false,
    costNanoUsd: usage?.costNanoUsd ?? 0,
    outcome: outcome.outcome,
    status: outcome.status,
    errorCode: outcome.errorCode,
    refusedBy: outcome.refusedBy,
    charges,
  }
}

/** What becomes the record of a call whose end is never written: it is charged what was set aside for it. */
export function recordUnknownEnd(call: BuiltinCall, charges: Charges): CallFinished {
  return {
    ...describeCall(call),
    durationMs: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    images: 0,
    estimated: true,
    costNanoUsd: call.hold?.nanoUsd ?? 0,
    outcome: 'unknown',
    status: 0,
    errorCode: null,
    refusedBy: null,
    charges,
  }
}

function describeCall(call: BuiltinCall) {
  const { principal, configuration, headerTrail } = call
  const target = call.targets.length === 1 ? call.targets[0] : undefined
  return {
    type: 'call.finished',
    attemptId: call.id,
    requestId: call.requestId,
    startedAt: call.receivedAt,
    operation: call.operation,
    streamed: call.stream,
    workspaceId: principal?.workspaceId ?? null,
    virtualKeyId: call.virtualKey?.id ?? null,
    userId: principal?.userId ?? null,
    teamId: principal?.teamId ?? null,
    businessUnitId: principal?.businessUnitId ?? null,
    customerId: principal?.customerId ?? null,
    providerId: target?.grant.provider.id ?? null,
    providerKeyId: call.providerKeyId,
    providerConfigId: target?.grant.id ?? null,
    requestedModel: call.model === '' ? null : call.model,
    upstreamModel: target?.model.upstreamName ?? null,
    upstreamOrigin: target?.grant.provider.origin ?? null,
    forwardedHeaders: headerTrail ? [...headerTrail.forwarded] : [],
    droppedHeaders: headerTrail ? [...headerTrail.dropped] : [],
    sourceAddress: call.sourceAddress,
    epoch: configuration.epoch,
    revision: configuration.revision,
  } as const
}
