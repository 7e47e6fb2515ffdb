import { rmSync } from 'node:fs'
import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { openBatch, sealBatch } from '../../../contract/event-batch.ts'
import { startIngest } from '../../../control-plane/ingest/ingest.ts'
import { startClosingUnknownEnds } from '../../../control-plane/ingest/unknown-ends.ts'
import { publicKeyOf } from '../../../control-plane/modules/data-planes/public-keys.ts'
import { type Governance, openGovernance } from '../../../data-plane/host/governance.ts'
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

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

let redis: EmbeddedRedis
let identity: EnrolledDataPlane
let store: Transport
let ends: AsyncDisposableStack
beforeEach(async () => {
  ends = new AsyncDisposableStack()
  redis = await startOwnRedis()
  ends.defer(() => redis.stop())
  store = await connectRedis(redis.url, { log: silentLog, operationTimeoutMs: 10_000 })
  ends.defer(() => store.close())
  identity = await enrol(installation, await createOrganization(installation))
})
afterEach(() => ends.disposeAsync())

/** A data plane on a disk of its own, and what its machine's loss leaves of it: nothing. */
async function startDataPlane(): Promise<{ governance: Governance; lose: () => Promise<void> }> {
  const { organizationId, id: dataPlaneId, signingKey } = identity
  const own = await connectRedis(redis.url, { log: silentLog, operationTimeoutMs: 10_000 })
  const stateDirectory = temporaryDirectory()
  const signer = installation.signingKey
  const governance = await openGovernance({
    ...{ organizationId, dataPlaneId, signingKey, stateDirectory, now: Date.now, log: silentLog },
    transport: own.dataPlane(organizationId, dataPlaneId),
    controlPlaneKeys: (id) => (id === signer.id ? publicKeyOf(signer.publicJwk) : undefined),
    recording: { durability: 'remote' },
    dataPlanes: () => 1,
  })
  let isLost = false
  const lose = async () => {
    if (isLost) return
    isLost = true
    // Whatever it still tries reaches nobody.
    await own.close()
    rmSync(stateDirectory, { recursive: true, force: true })
  }
  ends.defer(async () => {
    await lose()
    await governance.close(0).catch(() => undefined)
  })
  return { governance, lose }
}

function startControlPlane(deadAfterMs: number): void {
  const { database, secrets } = installation
  const deps = { database, secrets, transport: store.controlPlane(), log: silentLog, now: Date.now }
  const loops = [startIngest(deps), startClosingUnknownEnds(deps, { deadAfterMs, lookEveryMs: 50 })]
  ends.defer(async () => {
    await Promise.all(loops.map((loop) => loop.stop()))
  })
}

async function outcomes(): Promise<Record<string, string>> {
  const rows = await installation.database.transaction(identity.organizationId, (em) =>
    em.execute<{ subject_id: string; outcome: string }[]>(
      "select subject_id, outcome from audit_events where subject_kind = 'inference' order by subject_id",
    ),
  )
  return Object.fromEntries(rows.map(({ subject_id, outcome }) => [subject_id, outcome]))
}

async function heldRounds(): Promise<number> {
  const { organizationId, id } = identity
  const { intents } = store.controlPlane()
  const processes = [...(await intents.beats(organizationId, id)).keys()]
  const held = await Promise.all(processes.map((process) => intents.read(organizationId, id, process)))
  return held.flat().length
}

describe('what a data plane without a disk of its own has under way', () => {
  it('is closed as unknown when it is lost, and what it ended before keeps its end', async () => {
    const { governance, lose } = await startDataPlane()
    const calls = ['call_1', 'call_2', 'call_3'].map((id) => callOf({ id }))
    for (const call of calls) await governance.journal.intend(call)
    for (const call of calls.slice(0, 1)) governance.journal.finish(call, succeeded, [])
    await eventually('the end is in the stream', async () => {
      const { batches } = await store.controlPlane().events.backlog([identity.organizationId])
      return batches === 1
    })
    await lose()
    startControlPlane(300)
    await eventually('all calls have ended', async () => Object.keys(await outcomes()).length === 3)
    expect(await outcomes()).toEqual({ call_1: 'succeeded', call_2: 'unknown', call_3: 'unknown' })
    await eventually('nothing is kept of it any more', async () => (await heldRounds()) === 0)
  })

  it('is kept under one signature for many calls, and forgotten once they have ended', async () => {
    const { governance } = await startDataPlane()
    const calls = Array.from({ length: 200 }, (_, index) => callOf({ id: `call_${index}` }))
    await Promise.all(calls.map((call) => governance.journal.intend(call)))
    expect(await heldRounds()).toBeGreaterThan(0)
    expect(await heldRounds()).toBeLessThan(10)
    for (const call of calls) governance.journal.finish(call, succeeded, [])
    await eventually('nothing is under way', async () => (await heldRounds()) === 0)
    startControlPlane(20_000)
    await eventually('all are recorded', async () => Object.keys(await outcomes()).length === calls.length)
    expect(new Set(Object.values(await outcomes()))).toEqual(new Set(['succeeded']))
  })

  it('is kept again when the store loses it', async () => {
    const { governance } = await startDataPlane()
    await governance.journal.intend(callOf({ id: 'call_1' }))
    const client = await createClient({ url: redis.url }).connect()
    await client.flushAll()
    await client.close()
    await governance.journal.intend(callOf({ id: 'call_2' }))
    expect(await heldRounds()).toBe(2)
  })

  it('refuses calls that the store cannot keep', async () => {
    const { governance } = await startDataPlane()
    await redis.kill()
    const refused = Promise.resolve(governance.journal.intend(callOf({ id: 'call_1' })))
    await expect(refused).rejects.toMatchObject({ code: 'audit_unavailable', status: 503 })
  })

  it('is no event: whoever can write to the store cannot make it one', () => {
    const { organizationId, id: dataPlaneId, signingKey } = identity
    const head = { format: 1 as const, organizationId, dataPlaneId, incarnation: 'x', sequence: 1 }
    const sealed = sealBatch(head, Buffer.alloc(0), signingKey, 'gatehouse/intents').toString()
    expect(() => openBatch(sealed, () => undefined)).toThrow('expected a gatehouse/events')
  })
})
