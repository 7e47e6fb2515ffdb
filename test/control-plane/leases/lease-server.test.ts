import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../contract/canonical.ts'
import { type LeaseReply, parseLeaseReply } from '../../../contract/leases.ts'
import { open, seal } from '../../../contract/signed.ts'
import type { BackgroundWork } from '../../../control-plane/background/dependencies.ts'
import { startLeaseServer } from '../../../control-plane/leases/lease-server.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import type { Transport } from '../../../transport/transport.ts'
import { redisUrl } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'
import { createBudget, readWindows } from '../budgets.ts'
import {
  createInstallation,
  createOrganization,
  enrol,
  type Installation,
  silentLog,
} from '../organization.ts'
import { SpendingDataPlane } from '../spending-data-plane.ts'

let installation: Installation
let transport: Transport
let organizationId: string
let dataPlane: SpendingDataPlane
let replies: LeaseReply[]
const running: BackgroundWork[] = []

beforeAll(async () => {
  installation = await createInstallation()
})
afterAll(() => installation.close())

beforeEach(async () => {
  transport = await connectRedis(await redisUrl(), {
    log: silentLog,
    reclaimAfterMs: 200,
    operationTimeoutMs: 10_000,
  })
  organizationId = await createOrganization(installation)
  const identity = await enrol(installation, organizationId)
  dataPlane = new SpendingDataPlane(identity)
  replies = []
  const { id, publicJwk } = installation.signingKey
  const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' })
  const keys = (keyId: string) => (keyId === id ? publicKey : undefined)
  await client().subscribe((reply) => {
    replies.push(parseLeaseReply(open('gatehouse/lease-reply', reply, keys).payload))
  })
  for (let server = 0; server < 2; server++) serve()
})
afterEach(async () => {
  await stopServers()
  await transport.close()
})

async function stopServers(): Promise<void> {
  await Promise.all(running.splice(0).map((work) => work.stop()))
}

function serve(): void {
  const { database, secrets } = installation
  const deps = { database, secrets, log: silentLog, now: Date.now }
  running.push(startLeaseServer({ ...deps, transport: transport.controlPlane() }))
}

const client = () => transport.dataPlane(organizationId, dataPlane.identity.id).leases

const replyTo = (requestId: string) =>
  eventually(`a reply to ${requestId}`, () => replies.find((reply) => reply.requestId === requestId))

describe('the lease server', () => {
  it('answers a signed request with signed grants, the same when it is sent again', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const request = dataPlane.request([{ budgetId, wantedNanoUsd: 100, neededNanoUsd: 10 }])
    await client().send(dataPlane.sign(request))
    const first = await replyTo(request.id)
    expect(first).toMatchObject({ dataPlaneId: dataPlane.identity.id, grants: [{ grantedNanoUsd: 100 }] })
    await client().send(dataPlane.sign(request))
    const second = await eventually('a second reply', () => replies[1])
    expect(second).toEqual(first)
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 100 }])
  })

  it('gives up requests that no data plane of the organization signed, and serves those behind them', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const request = dataPlane.request([{ budgetId, wantedNanoUsd: 1_000, neededNanoUsd: 10 }])
    const thief = { id: dataPlane.identity.id, privateKey: generateKeyPairSync('ed25519').privateKey }
    const foreign = await enrol(installation, await createOrganization(installation))
    const inForeignName = { ...request, dataPlaneId: foreign.id }
    await client().send(seal('gatehouse/lease-request', canonicalJson(request), thief))
    await client().send(seal('gatehouse/lease-request', canonicalJson(request), foreign.signingKey))
    await client().send(
      seal('gatehouse/lease-request', canonicalJson(inForeignName), dataPlane.identity.signingKey),
    )
    await client().send('not an envelope')
    const genuine = dataPlane.request([{ budgetId, wantedNanoUsd: 1, neededNanoUsd: 1 }])
    await client().send(dataPlane.sign(genuine))
    await replyTo(genuine.id)
    // Of a server that takes its time another one may take the request over, and answers the same.
    expect(new Set(replies.map(({ requestId }) => requestId))).toEqual(new Set([genuine.id]))
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 1 }])
  })

  it('gives up a request that the database cannot hold, and answers those that it was read with', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    await stopServers()
    const ask = [{ budgetId, wantedNanoUsd: 1, neededNanoUsd: 1 }]
    const genuine = [dataPlane.request(ask), dataPlane.request(ask)]
    const [first, second] = genuine.map((request) => dataPlane.sign(request))
    const unfit = dataPlane.sign({ ...dataPlane.request(ask), id: 'lr_\u0000' })
    for (const request of [first, unfit, second]) await client().send(request ?? '')
    serve()
    for (const { id } of genuine) await replyTo(id)
    expect(new Set(replies.map(({ requestId }) => requestId))).toEqual(new Set(genuine.map(({ id }) => id)))
    expect(await readWindows(installation, organizationId, budgetId)).toMatchObject([{ leased: 2 }])
  })

  it('answers a data plane no more once it is revoked', async () => {
    const budgetId = await createBudget(installation, organizationId, 1_000)
    const other = new SpendingDataPlane(await enrol(installation, organizationId))
    await installation.database.transaction(organizationId, (em) =>
      em.execute('update data_planes set revoked_at = now() where id = ?', [dataPlane.identity.id]),
    )
    const ask = [{ budgetId, wantedNanoUsd: 10, neededNanoUsd: 10 }]
    await client().send(dataPlane.sign(dataPlane.request(ask)))
    await client().send(other.sign(other.request(ask)))
    await eventually('the other one is served', async () => {
      const [window] = await readWindows(installation, organizationId, budgetId)
      return window?.leased === 10 || undefined
    })
    expect(replies).toEqual([])
  })
})
