import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, RESP_TYPES, type RedisClientType } from '@redis/client'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { chat, nodeStatus } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, revokeKey, type TestKey } from './keys.ts'
import type { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'

/*
 * Whoever owns Redis plays back what lay there before, head and log and all, while the control plane says nothing. All of
 * it is genuine. The limit for one key is the shortest that there is.
 */

const everyCallSeconds = 25
const strictSeconds = 10
const limitMs = 60_000

let planes: Planes
let dataPlane: Plane
let redis: RedisClientType
let key: TestKey
let strict: TestKey
let revoked: TestKey
let yesterday: ReadonlyMap<string, Buffer>

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 1 })
  const [first] = planes.dataPlanes
  if (!first) throw new Error('no data plane')
  dataPlane = first
  redis = createClient({ url: planes.redis.url })
  await redis.connect()
  key = await issueKey(planes, planes.demo, { name: 'in order' })
  strict = await issueKey(planes, planes.demo, { name: 'strict' })
  revoked = await issueKey(planes, planes.demo, { name: 'revoked' })
  await update('updateVirtualKey', 'VirtualKey', { id: strict.id, requireFreshSeconds: strictSeconds })
  await update('updateClientConfiguration', 'ClientConfiguration', { maxStalenessSeconds: everyCallSeconds })
  await planes.applied()
  for (const { secret } of [key, strict, revoked]) expect((await chat(dataPlane, secret)).status).toBe(200)
  yesterday = await copyConfiguration()
  await revokeKey(planes, revoked.id, 'ALL')
  await planes.controlPlane.kill()
}, 120_000)
afterAll(async () => {
  redis?.destroy()
  await planes?.stop()
})

// One story: each part begins where the one before it ended.
describe('a data plane that runs', () => {
  let applied: number | null

  it('refuses what it has seen the successor of, and says so', async () => {
    applied = (await nodeStatus(dataPlane)).node.revision
    await playBack()
    const refused = async () => (await nodeStatus(dataPlane)).node.applyStatus === 'refused'
    await eventually(refused, limitMs, () => 'not noticed')
    expect((await nodeStatus(dataPlane)).node).toMatchObject({
      revision: applied,
      lastError: expect.stringMatching(/^head is at epoch 1, revision \d+, older than .* already seen$/),
    })
    expect((await chat(dataPlane, revoked.secret)).status).toBe(403)
  })

  it('first refuses the key that needs a fresh configuration, then every call', async () => {
    await untilStale(strict, `at most ${strictSeconds} seconds are allowed`)
    await untilStale(key, `at most ${everyCallSeconds} seconds are allowed`)
    const before = planes.providerCalls().length
    for (const { secret } of [key, strict, revoked]) expect((await chat(dataPlane, secret)).status).toBe(503)
    expect(planes.providerCalls()).toHaveLength(before)
    expect((await fetch(`${dataPlane.address('statusUrl')}/readyz`)).status).toBe(503)
    expect((await nodeStatus(dataPlane)).node.revision).toBe(applied)
  }, 180_000)

  it('knows that after a restart too', async () => {
    await dataPlane.kill()
    await dataPlane.start()
    await untilStale(key, `at most ${everyCallSeconds} seconds are allowed`)
  }, 90_000)
})

describe('a data plane that knows of nothing later', () => {
  it('does not take up what nobody has confirmed for too long', async () => {
    await dataPlane.kill()
    rmSync(join(dataPlane.stateDirectory, 'configuration'), { recursive: true })
    await dataPlane.start()
    const refused = async () => (await nodeStatus(dataPlane)).node.applyStatus === 'refused'
    await eventually(refused, limitMs, () => 'not noticed')
    expect((await nodeStatus(dataPlane)).node).toMatchObject({
      revision: null,
      lastError: expect.stringMatching(/was refused: The configuration is stale/),
    })
    expect(await chat(dataPlane, revoked.secret)).toMatchObject({ status: 503, type: 'config_unavailable' })
  }, 90_000)
})

it('with the control plane back everything is as it was, and the revoked key is still revoked', async () => {
  await planes.controlPlane.start()
  for (const { secret } of [key, strict])
    await eventually(async () => (await chat(dataPlane, secret)).status === 200, limitMs)
  expect((await chat(dataPlane, revoked.secret)).status).toBe(403)
}, 90_000)

async function untilStale({ secret }: TestKey, reason: string): Promise<void> {
  const isStale = async () => {
    const answer = await chat(dataPlane, secret)
    if (answer.status === 200) return false
    expect(answer).toMatchObject({ status: 503, type: 'config_unavailable', retryAfter: '5' })
    return answer.message?.includes(reason) === true
  }
  await eventually(isStale, limitMs, () => `not ${reason}`)
}

async function copyConfiguration(): Promise<ReadonlyMap<string, Buffer>> {
  const binary = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const copies = new Map<string, Buffer>()
  for await (const names of redis.scanIterator({ MATCH: '*:config:*' })) {
    for (const name of names) copies.set(name, (await binary.dump(name)) as unknown as Buffer)
  }
  return copies
}

async function playBack(): Promise<void> {
  for (const [name, bytes] of yesterday) await redis.restore(name, 0, bytes, { REPLACE: true })
}

async function update(field: string, type: string, input: object): Promise<void> {
  const inputType = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const data = await planes.graphql<Record<string, { __typename: string }>>(
    `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename } }`,
    { input },
  )
  expect(data[field]).toEqual({ __typename: type })
}
