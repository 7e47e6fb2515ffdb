import type { EntityManager } from '@mikro-orm/postgresql'
import type { CallFinished } from '../../../contract/events.ts'
import { newId } from '../../db/id.ts'
import { noteUnsummed } from './unsummed.ts'

/** A call and the data plane that made it. */
export interface ReportedCall {
  readonly dataPlaneId: string
  readonly call: CallFinished
}

/**
 * Records calls, each attempt once however often it is reported, and notes the new ones for the sums in the same
 * statement.
 *
 * @returns the ids of the attempts that were new.
 */
export async function recordUsage(
  em: EntityManager,
  organizationId: string,
  calls: readonly ReportedCall[],
): Promise<ReadonlySet<string>> {
  if (calls.length === 0) return new Set()
  const rows = await em.execute<{ attempt_id: string }[]>(
    `with fresh as (
       insert into usage_records (org_id, ${columns.join(', ')})
       select ?, ${columns.join(', ')} from jsonb_to_recordset(?::jsonb) as reported (${typedColumns})
       order by attempt_id on conflict (org_id, attempt_id) do nothing returning *
     ), noted as (${noteUnsummed('fresh')})
     select attempt_id from fresh`,
    [organizationId, JSON.stringify(calls.map(rowOf))],
  )
  return new Set(rows.map((row) => row.attempt_id))
}

const columnTypes = {
  id: 'text',
  attempt_id: 'text',
  workspace_id: 'text',
  data_plane_id: 'text',
  request_id: 'text',
  at: 'timestamptz',
  duration_ms: 'double precision',
  operation: 'text',
  streamed: 'boolean',
  virtual_key_id: 'text',
  user_id: 'text',
  team_id: 'text',
  business_unit_id: 'text',
  customer_id: 'text',
  provider_id: 'text',
  provider_config_id: 'text',
  requested_model: 'text',
  upstream_model: 'text',
  input_tokens: 'bigint',
  cached_input_tokens: 'bigint',
  output_tokens: 'bigint',
  images: 'bigint',
  audio_input_tokens: 'bigint',
  reasoning_tokens: 'bigint',
  audio_output_tokens: 'bigint',
  tool_calls: 'bigint',
  estimated: 'boolean',
  cost_nano_usd: 'bigint',
  outcome: 'text',
  status: 'integer',
  error_code: 'text',
  epoch: 'integer',
  revision: 'bigint',
  charges: 'jsonb',
} as const
const columns = Object.keys(columnTypes)
const typedColumns = Object.entries(columnTypes)
  .map(([column, type]) => `${column} ${type}`)
  .join(', ')

function rowOf({ dataPlaneId, call }: ReportedCall): Record<keyof typeof columnTypes, unknown> {
  return {
    id: newId('call'),
    attempt_id: call.attemptId,
    workspace_id: call.workspaceId,
    data_plane_id: dataPlaneId,
    request_id: call.requestId,
    at: new Date(call.startedAt),
    duration_ms: call.durationMs,
    operation: call.operation,
    streamed: call.streamed,
    virtual_key_id: call.virtualKeyId,
    user_id: call.userId,
    team_id: call.teamId,
    business_unit_id: call.businessUnitId,
    customer_id: call.customerId,
    provider_id: call.providerId,
    provider_config_id: call.providerConfigId,
    requested_model: call.requestedModel,
    upstream_model: call.upstreamModel,
    input_tokens: call.inputTokens,
    cached_input_tokens: call.cachedInputTokens,
    output_tokens: call.outputTokens,
    images: call.images,
    audio_input_tokens: call.audioInputTokens ?? 0,
    reasoning_tokens: call.reasoningTokens ?? 0,
    audio_output_tokens: call.audioOutputTokens ?? 0,
    tool_calls: call.toolCalls ?? 0,
    estimated: call.estimated,
    cost_nano_usd: call.costNanoUsd,
    outcome: call.outcome,
    status: call.status,
    error_code: call.errorCode,
    epoch: call.epoch,
    revision: call.revision,
    charges: call.charges,
  }
}
