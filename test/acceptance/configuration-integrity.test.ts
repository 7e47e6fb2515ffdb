import { generateKeyPairSync } from 'node:crypto'
import { createClient, type RedisClientType } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { chat, nodeStatus } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, revokeKey, type TestKey } from './keys.ts'
import type { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'
import { forge, readStatement, type SignedHead } from './signed-head.ts'

/*
 * Redis is untrusted: whoever owns it can neither forge, nor alter, nor turn back a configuration. While somebody
 * tampers the control plane is halted, for it would renew what was tampered with within seconds.
 */

let planes: Planes
let dataPlane: Plane
let redis: RedisClientType
let key: TestKey
let head: string
let snapshot: string
let deltas: string

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 1 })
  const [first] = planes.dataPlanes
  if (!first) throw new Error('no data plane')
  dataPlane = first
  redis = createClient({ url: planes.redis.url })
  await redis.connect()
  for await (const [found] of redis.scanIterator({ MATCH: '*:config:head' })) head = found ?? head
  snapshot = head.replace(/head$/, 'snapshot')
  deltas = head.replace(/head$/, 'deltas')
}, 180_000)
afterAll(async () => {
  redis?.destroy()
  await planes?.stop()
})

const limitMs = 15_000
/** What was tampered with is written anew within seconds; a data plane tries it again ever more slowly. */
const healLimitMs = 40_000

/** Every case begins with a configuration in use that the key below belongs to, and ends with a change that heals. */
beforeEach(async () => {
  key = await issueKey(planes, planes.demo, { name: 'in use' })
  await planes.applied()
})
afterEach(async () => {
  planes.controlPlane.resume()
  dataPlane.resume()
  const next = await issueKey(planes, planes.demo, { name: 'after' })
  await revokeKey(planes, key.id)
  const healed = { applyStatus: 'applied', lastError: null }
  await eventually(
    async () => (await chat(dataPlane, next.secret)).status === 200,
    healLimitMs,
    () => 'not healed',
  )
  await eventually(async () => (await chat(dataPlane, key.secret)).status === 403, limitMs)
  expect((await nodeStatus(dataPlane)).node).toMatchObject(healed)
}, 90_000)

/** The status API gives a reason like this, and traffic goes on with the revision that was applied. */
async function expectRefused(reason: RegExp, revision: number | null): Promise<void> {
  const refused = async () => (await nodeStatus(dataPlane)).node.applyStatus === 'refused'
  await eventually(refused, limitMs, () => `no refusal like ${reason}`)
  const { node } = await nodeStatus(dataPlane)
  expect(node).toEqual({ revision, applyStatus: 'refused', lastError: expect.stringMatching(reason) })
  for (let call = 0; call < 3; call += 1) expect((await chat(dataPlane, key.secret)).status).toBe(200)
}

describe('a head in Redis', () => {
  const foreignKey = generateKeyPairSync('ed25519').privateKey

  const tampered: Record<string, { tamper: (genuine: string, older: string) => string; reason: RegExp }> = {
    'that is an old one': {
      tamper: (_, older) => older,
      reason: /^head is at epoch 1, revision \d+, older than epoch 1, revision \d+ already seen$/,
    },
    'signed by a foreign key': {
      tamper: (genuine) => forge(genuine, { revision: 999 }, foreignKey, 'foreign'),
      reason: /no valid signature by a known key \(signed by foreign\)/,
    },
    'signed by a foreign key in the name of the genuine one': {
      tamper: (genuine) => forge(genuine, { revision: 999 }, foreignKey),
      reason: /no valid signature by a known key/,
    },
    'with a flipped bit': {
      tamper: (genuine) => {
        const { payload, ...rest }: SignedHead = JSON.parse(genuine)
        return JSON.stringify({
          ...rest,
          payload: flipBit(Buffer.from(payload, 'base64')).toString('base64'),
        })
      },
      reason: /no valid signature by a known key/,
    },
    'signed for another purpose': {
      tamper: (genuine) => JSON.stringify({ ...JSON.parse(genuine), payloadType: 'gatehouse/credentials' }),
      reason: /expected a gatehouse\/config-head, got a gatehouse\/credentials/,
    },
    'of an unknown format': {
      tamper: (genuine) => JSON.stringify({ format: 2, head: JSON.parse(genuine) }),
      reason: /not a signed envelope/,
    },
  }

  it.each(Object.entries(tampered))('%s is refused', async (_, { tamper, reason }) => {
    const older = await read(head)
    key = await issueKey(planes, planes.demo, { name: 'newer' })
    await planes.applied()
    const { revision } = (await nodeStatus(dataPlane)).node
    planes.controlPlane.halt()
    await redis.set(head, tamper(await read(head), older))
    await expectRefused(reason, revision)
  })
})

describe('the documents that a genuine head vouches for', () => {
  const tampered: Record<string, { tamper: (genuine: string) => string; reason: RegExp }> = {
    'a snapshot with a flipped byte': {
      tamper: (genuine) => genuine.replace('"in use"', '"in usd"'),
      reason: /hash/,
    },
    'a snapshot of an unknown format': {
      tamper: (genuine) => genuine.replace('"format":1', '"format":2'),
      reason: /snapshot has the unknown format 2: this data plane reads format 1; upgrade it/,
    },
  }

  it.each(Object.entries(tampered))('%s is refused', async (_, { tamper, reason }) => {
    const { revision } = (await nodeStatus(dataPlane)).node
    await publishUnseen()
    planes.controlPlane.halt()
    const genuine = await read(snapshot)
    expect(tamper(genuine)).not.toBe(genuine)
    await redis.set(snapshot, tamper(genuine))
    await redis.del(deltas)
    dataPlane.resume()
    await expectRefused(reason, revision)
  })

  /** Halts the data plane and has a change published, as a whole snapshot. */
  async function publishUnseen(): Promise<void> {
    dataPlane.halt()
    const { configuration } = await planes.graphql<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    await issueKey(planes, planes.demo, { name: 'unseen' })
    await redis.del([head, snapshot, deltas])
    const published = async () => {
      const [envelope, document] = await redis.mGet([head, snapshot])
      // A publication that was under way when the keys went brings only what it had to add.
      if (!envelope || !document) return false
      return readStatement(envelope).revision > configuration.revision
    }
    await eventually(published, limitMs, () => 'not published again')
  }
})

async function read(name: string): Promise<string> {
  const text = await redis.get(name)
  if (text === null) throw new Error(`there is no ${name}`)
  return text
}

function flipBit(bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  return bytes
}
