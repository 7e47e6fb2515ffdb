import { generateKeyPairSync } from 'node:crypto'
import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { channels } from '../../../contract/channels.ts'
import { sealBatch } from '../../../contract/event-batch.ts'
import type { NodeReported } from '../../../contract/events.ts'
import type {
  BackgroundDependencies,
  BackgroundWork,
} from '../../../control-plane/background/dependencies.ts'
import type { Database } from '../../../control-plane/db/database.ts'
import { startIngest } from '../../../control-plane/ingest/ingest.ts'
import { listReportedPlugins } from '../../../control-plane/modules/data-planes/index.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { redisUrl } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'
import {
  createInstallation,
  createOrganization,
  type EnrolledDataPlane,
  enrol,
  type Installation,
  silentLog,
} from '../organization.ts'
import { callFinished, SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let transport: Transport
let url: string
let organizationId: string
let identity: EnrolledDataPlane
let dataPlane: SpendingDataPlane
const running: BackgroundWork[] = []

beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

beforeEach(async () => {
  url = await redisUrl()
  transport = await connectRedis(url, { log: silentLog, reclaimAfterMs: 200, operationTimeoutMs: 10_000 })
  organizationId = await createOrganization(installation)
  identity = await enrol(installation, organizationId)
  dataPlane = new SpendingDataPlane(identity)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((work) => work.stop()))
  await transport.close()
})

function ingest(overrides: Partial<BackgroundDependencies> = {}): void {
  const { database, secrets } = installation
  const deps = { database, secrets, transport: transport.controlPlane(), log: silentLog, now: Date.now }
  running.push(startIngest({ ...deps, ...overrides }))
}

const append = (batch: string) => transport.dataPlane(organizationId, identity.id).events.append(batch)

function rows<Row extends object>(sql: string): Promise<Row[]> {
  return installation.database.transaction(organizationId, (em) => em.execute<Row[]>(sql))
}

const attempts = async () =>
  (await rows<{ attempt_id: string }>('select attempt_id from usage_records order by id')).map(
    (row) => row.attempt_id,
  )

/** An acknowledged batch is taken off the stream, so that an empty one says that all were taken in. */
async function isDrained(): Promise<boolean> {
  const client = await createClient({ url }).connect()
  try {
    return (await client.xLen(channels.events(organizationId))) === 0
  } finally {
    await client.close()
  }
}

const rejections = () =>
  rows<{ reason: string; body: string; body_bytes: string }>('select * from rejected_batches order by id')

describe('ingest', () => {
  it('leaves one usage record and one audit event per call, refusals too, however often they arrive', async () => {
    ingest()
    ingest()
    const served = callFinished({ costNanoUsd: 1_234 })
    const refused = callFinished({
      outcome: 'denied',
      errorCode: 'virtual_key_not_found',
      virtualKeyId: null,
    })
    const batch = dataPlane.batch([served, refused])
    for (let copy = 0; copy < 4; copy++) await append(batch)
    await append(dataPlane.batch([served]))
    const last = callFinished({ outcome: 'failed' })
    await append(dataPlane.batch([last]))
    await eventually('all batches are taken in', () => isDrained())

    expect((await attempts()).toSorted()).toEqual(
      [served.attemptId, refused.attemptId, last.attemptId].toSorted(),
    )
    const events = await rows<{ type: string; actor_kind: string; subject_id: string; outcome: string }>(
      "select type, actor_kind, subject_id, outcome from audit_events where type like 'inference.%' order by type",
    )
    expect(events).toEqual([
      {
        type: 'inference.denied',
        actor_kind: 'anonymous',
        subject_id: refused.attemptId,
        outcome: 'denied',
      },
      { type: 'inference.failed', actor_kind: 'virtual_key', subject_id: last.attemptId, outcome: 'failed' },
      {
        type: 'inference.succeeded',
        actor_kind: 'virtual_key',
        subject_id: served.attemptId,
        outcome: 'succeeded',
      },
    ])
    expect(await rejections()).toEqual([])
  })

  it('sets aside what it cannot trust or read, and takes in what comes behind it', async () => {
    ingest()
    const foreignKey = { id: identity.id, privateKey: generateKeyPairSync('ed25519').privateKey }
    const head = {
      format: 1 as const,
      organizationId,
      dataPlaneId: identity.id,
      incarnation: 'x',
      sequence: 1,
    }
    const nothing = Buffer.alloc(0)
    const elsewhere = await enrol(installation, await createOrganization(installation))
    await append(sealBatch(head, nothing, foreignKey).toString())
    await append(sealBatch({ ...head, sequence: 0 }, nothing, identity.signingKey).toString())
    await append(new SpendingDataPlane(elsewhere).batch([callFinished()]))
    await append(`not JSON ${'x'.repeat(100_000)}`)
    await append(dataPlane.batch([callFinished({ requestId: 'with a NUL \0' })]))
    const genuine = callFinished()
    await append(dataPlane.batch([genuine]))
    await eventually('the genuine call', async () => (await attempts()).length === 1 || undefined)
    expect(await attempts()).toEqual([genuine.attemptId])

    const rejected = await eventually('all rejections', async () => {
      const found = await rejections()
      return found.length === 5 ? found : undefined
    })
    const reasons = rejected.map(({ reason }) => reason)
    expect(reasons.filter((reason) => /no valid signature by a known key/.test(reason))).toHaveLength(2)
    expect(reasons.filter((reason) => /event batch rejected at/.test(reason))).toHaveLength(1)
    expect(reasons.filter((reason) => /not a signed batch/.test(reason))).toHaveLength(1)
    expect(reasons.filter((reason) => /the database refuses it/.test(reason))).toHaveLength(1)
    const longest = rejected.toSorted((a, b) => Number(b.body_bytes) - Number(a.body_bytes))[0]
    expect(longest?.body.length).toBe(4_096)
    expect(Number(longest?.body_bytes)).toBe(100_009)
  })

  it('refuses the events of a revoked data plane', async () => {
    await installation.database.transaction(organizationId, (em) =>
      em.execute('update data_planes set revoked_at = now() where id = ?', [identity.id]),
    )
    ingest()
    await append(dataPlane.batch([callFinished()]))
    await eventually('the rejection', async () => (await rejections()).length === 1 || undefined)
    expect(await attempts()).toEqual([])
  })

  it('loses nothing while the database is away', async () => {
    let away = true
    let refusals = 0
    const { database } = installation
    const flaky: Database = {
      ...database,
      transaction: (...args) => {
        if (!away) return database.transaction(...args)
        refusals++
        return Promise.reject(new Error('the database is away'))
      },
    }
    ingest({ database: flaky })
    const calls = Array.from({ length: 10 }, () => callFinished())
    for (const call of calls) await append(dataPlane.batch([call]))
    await eventually('some failures', () => refusals >= 3 || undefined)
    away = false
    await eventually('all calls', async () => (await attempts()).length === 10 || undefined)
    expect(await attempts()).toEqual(calls.map(({ attemptId }) => attemptId))
  })

  it('knows what each data plane runs, by its latest report whatever the order of arrival', async () => {
    ingest()
    const plugin = { name: 'block-words', version: '1.0.0', builtin: false, configSchema: { type: 'object' } }
    const report: NodeReported = {
      type: 'node.reported',
      at: Date.now(),
      version: '2.0.0',
      appliedEpoch: 1,
      appliedRevision: 7,
      appliedHash: 'a'.repeat(64),
      status: 'applied',
      error: null,
      plugins: [plugin],
    }
    const older: NodeReported = { ...report, at: report.at - 1_000, status: 'refused', error: 'too new' }
    await append(dataPlane.batch([report]))
    await append(dataPlane.batch([older]))
    const call = callFinished()
    await append(dataPlane.batch([call]))
    await eventually('the call', async () => (await attempts()).length === 1 || undefined)
    expect(await rows('select version, apply_status, applied_revision, last_error from data_planes')).toEqual(
      [{ version: '2.0.0', apply_status: 'applied', applied_revision: '7', last_error: null }],
    )
    const plugins = await installation.database.transaction(organizationId, (em) =>
      listReportedPlugins(em, organizationId),
    )
    expect(plugins).toEqual([plugin])
  })
})
