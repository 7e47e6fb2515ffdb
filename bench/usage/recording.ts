import type { CallFinished } from '../../contract/events.ts'
import { createOrganization } from '../../control-plane/bootstrap.ts'
import { openDatabase } from '../../control-plane/db/database.ts'
import { recordCalls } from '../../control-plane/ingest/ingest-entries.ts'
import { sumCalls } from '../../control-plane/modules/usage/unsummed.ts'
import { startEmpty } from '../lists/database.ts'
import { counts, idOf } from '../lists/seed.ts'

export interface RecordingResult {
  readonly case: string
  /** While nothing is summed. */
  readonly recordedPerSecond: number
  /** Both, one after the other. */
  readonly recordedAndSummedPerSecond: number
}

const callsAtOnce = 500

/** Calls of that many keys, taken in batch by batch by an empty and durable database. */
export async function measureRecording(keys: number, calls: number): Promise<RecordingResult> {
  await using opened = new AsyncDisposableStack()
  const { url, stop } = await startEmpty()
  opened.defer(stop)
  const database = await openDatabase({ url })
  opened.defer(() => database.close())
  const { organizationId, workspaceId } = await createOrganization(database, { name: 'Recording' })
  const batches = Array.from({ length: calls / callsAtOnce }, (_, batch) =>
    Array.from({ length: callsAtOnce }, (_call, index) => ({
      dataPlaneId: 'dp_bench',
      call: callOf(Math.floor(Math.random() * keys), batch * callsAtOnce + index, workspaceId),
    })),
  )
  const began = performance.now()
  for (const batch of batches) {
    await database.transaction(organizationId, (em) => recordCalls(em, organizationId, batch))
  }
  const recorded = performance.now()
  while (await sumCalls(database, organizationId));
  const perSecond = (end: number) => Math.round((batches.length * callsAtOnce * 1_000) / (end - began))
  return {
    case: `calls of ${keys === 1 ? 'one key' : `${keys} keys`}`,
    recordedPerSecond: perSecond(recorded),
    recordedAndSummedPerSecond: perSecond(performance.now()),
  }
}

function callOf(key: number, number: number, workspaceId: string): CallFinished {
  const user = Math.floor(key / 10)
  const model = `model-${number % 12}`
  return {
    type: 'call.finished',
    attemptId: idOf('att', number),
    requestId: idOf('req', number),
    startedAt: Date.now(),
    durationMs: 500,
    operation: 'chat_completions',
    streamed: false,
    workspaceId,
    virtualKeyId: idOf('vk', key),
    userId: idOf('usr', user),
    teamId: idOf('team', user % counts.teams),
    businessUnitId: idOf('bu', user % counts.businessUnits),
    customerId: idOf('cus', user % counts.customers),
    providerId: idOf('prov', key % 4),
    providerKeyId: idOf('pk', key % 4),
    providerConfigId: idOf('pc', key),
    requestedModel: model,
    upstreamModel: model,
    inputTokens: 100,
    cachedInputTokens: 0,
    outputTokens: 20,
    images: 0,
    estimated: false,
    costNanoUsd: 1_000,
    outcome: 'succeeded',
    status: 200,
    errorCode: null,
    refusedBy: null,
    upstreamOrigin: 'https://provider.example',
    forwardedHeaders: [],
    droppedHeaders: [],
    sourceAddress: '127.0.0.1',
    epoch: 1,
    revision: 1,
    charges: [],
  }
}
