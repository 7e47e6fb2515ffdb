import { rmSync } from 'node:fs'
import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import type { BackgroundWork } from '../../../control-plane/background/dependencies.ts'
import { startIngest } from '../../../control-plane/ingest/ingest.ts'
import { publicKeyOf } from '../../../control-plane/modules/data-planes/public-keys.ts'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import { Shipper } from '../../../data-plane/host/shipper.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { callOf } from '../../data-plane/recorded-call.ts'
import { startOwnRedis, temporaryDirectory } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'
import {
  createInstallation,
  createOrganization,
  type EnrolledDataPlane,
  enrol,
  type Installation,
  silentLog,
} from '../organization.ts'

const succeeded: Outcome = {
  ...{ outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null },
  durationMs: 1,
}
/** Each record is about a kilobyte: the first fill some batches. */
const firstCalls = 1_500
const calls = 3_000

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

let redis: EmbeddedRedis
let transport: Transport
let identity: EnrolledDataPlane
let directory: string
let ends: AsyncDisposableStack
beforeEach(async () => {
  ends = new AsyncDisposableStack()
  directory = temporaryDirectory()
  ends.defer(() => rmSync(directory, { recursive: true, force: true }))
  redis = await startOwnRedis()
  ends.defer(() => redis.stop())
  transport = await connectRedis(redis.url, {
    log: silentLog,
    reclaimAfterMs: 500,
    operationTimeoutMs: 10_000,
  })
  ends.defer(() => transport.close())
  identity = await enrol(installation, await createOrganization(installation))
})
afterEach(() => ends.disposeAsync())

async function ask<T>(command: (client: ReturnType<typeof createClient>) => Promise<T>): Promise<T> {
  const client = createClient({ url: redis.url })
  await client.connect()
  try {
    return await command(client as ReturnType<typeof createClient>)
  } finally {
    await client.close()
  }
}

/** From now on what is there is too much, until so much of it is gone. */
function useUpMemory(bytes: number): Promise<void> {
  return ask(async (client) => {
    const used = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])
    await client.configSet({ maxmemory: String(used - bytes), 'maxmemory-policy': 'noeviction' })
  })
}

const isFull = () =>
  ask((client) =>
    client.set('anything', 'x').then(
      () => false,
      () => true,
    ),
  )

function startControlPlane(): BackgroundWork {
  const { database, secrets } = installation
  const deps = { database, secrets, transport: transport.controlPlane(), log: silentLog, now: Date.now }
  return startIngest(deps)
}

function startDataPlane(): DurableJournal {
  const journal = DurableJournal.open({ directory, durability: 'process', log: silentLog })
  const { organizationId, id: dataPlaneId, signingKey } = identity
  const signer = installation.signingKey
  const shipper = new Shipper({
    ...{ journal, organizationId, dataPlaneId, signingKey, log: silentLog },
    events: transport.dataPlane(organizationId, dataPlaneId).events,
    controlPlaneKeys: (id) => (id === signer.id ? publicKeyOf(signer.publicJwk) : undefined),
  })
  shipper.start()
  ends.defer(async () => {
    await shipper.close(0)
    await journal.close()
  })
  return journal
}

function record(journal: DurableJournal, id: string): void {
  const call = callOf({ id })
  journal.intend(call)
  journal.finish(call, succeeded, [])
}

async function recordedCalls(): Promise<{ records: number; events: number }> {
  const [row] = await installation.database.transaction(identity.organizationId, (em) =>
    em.execute<{ records: string; events: string }[]>(
      `select (select count(*) from usage_records) as records,
         (select count(*) from audit_events where type = 'inference.succeeded') as events`,
    ),
  )
  return { records: Number(row?.records), events: Number(row?.events) }
}

describe('a store whose memory is used up', () => {
  it('loses nothing: events stay in the journal, and every one arrives once when the control plane empties it', async () => {
    // That has been there before, and left its group of consumers.
    await startControlPlane().stop()
    const journal = startDataPlane()
    for (let index = 0; index < firstCalls; index++) record(journal, `call_${index}`)
    const { events } = transport.controlPlane()
    await eventually('some batches are in the store', async () => {
      const { batches } = await events.backlog([identity.organizationId])
      return batches >= 4
    })
    await useUpMemory(100_000)
    expect(await isFull()).toBe(true)
    for (let index = firstCalls; index < calls; index++) record(journal, `call_${index}`)
    journal.flush()
    expect(journal.backlog).toBe(calls)
    record(journal, 'while it is full')
    // One that starts now is told of no group of consumers, and finds no room for a confirmation.
    const controlPlane = startControlPlane()
    ends.defer(() => controlPlane.stop())
    await eventually('all events are confirmed', async () => journal.backlog === 0)
    expect(await recordedCalls()).toEqual({ records: calls + 1, events: calls + 1 })
    expect(await isFull()).toBe(false)
  })
})
