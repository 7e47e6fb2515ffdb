import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  renewRolePasswords,
  roleUrl,
} from '../../cli/embedded/database.ts'
import { startPostgres } from '../../cli/embedded/postgres.ts'
import type { CallFinished } from '../../contract/events.ts'
import { createOrganization } from '../../control-plane/bootstrap.ts'
import { openDatabase } from '../../control-plane/db/database.ts'
import { migrate } from '../../control-plane/db/migrate.ts'
import { recordCalls } from '../../control-plane/ingest/ingest-entries.ts'
import { sumCalls } from '../../control-plane/modules/usage/unsummed.ts'
import { counts, idOf } from '../lists/seed.ts'
import { onStop } from '../processes.ts'

export interface RecordingResult {
  readonly case: string
  /** While nothing is summed. */
  readonly recordedPerSecond: number
  /** Both, one after the other. */
  readonly recordedAndSummedPerSecond: number
}

const callsAtOnce = 500
const databaseName = 'gatehouse'

/** Calls of that many keys, taken in batch by batch by an empty and durable database. */
export async function measureRecording(keys: number, calls: number): Promise<RecordingResult> {
  await using opened = new AsyncDisposableStack()
  const database = await openEmpty(opened)
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

async function openEmpty(opened: AsyncDisposableStack) {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-recording-'))
  const remove = async () => rmSync(dataDir, { recursive: true, force: true })
  onStop(remove)
  opened.defer(remove)
  const postgres = await startPostgres({ dataDir, announce: () => undefined })
  onStop(postgres.stop)
  opened.defer(postgres.stop)
  const passwords = await renewRolePasswords(postgres)
  await ensureDatabase(postgres, databaseName)
  await migrate({ ownerUrl: roleUrl(postgres, ownerRole, passwords.owner, databaseName), applicationRole })
  const url = roleUrl(postgres, applicationRole, passwords.application, databaseName)
  const database = await openDatabase({ url })
  opened.defer(() => database.close())
  return database
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
