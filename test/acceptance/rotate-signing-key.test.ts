import { createClient, type RedisClientType } from '@redis/client'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { chat, nodeStatus } from './calls.ts'
import { GatehouseProcess } from './gatehouse-process.ts'
import { eventually } from './gateway.ts'
import { issueKey, type TestKey } from './keys.ts'
import type { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'

const limitMs = 30_000

let planes: Planes
let awake: Plane
let asleep: Plane
let key: TestKey
let headKey: string
/** Signed by the first key alone. */
let firstHead: string

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 2 })
  const [first, second] = planes.dataPlanes
  if (!first || !second) throw new Error('there are no two data planes')
  awake = first
  asleep = second
  key = await issueKey(planes, planes.demo)
  await planes.applied()
  await inRedis(async (redis) => {
    headKey = (await redis.keys('*:config:head'))[0] ?? ''
    firstHead = (await redis.get(headKey)) ?? ''
  })
  await asleep.stop()
}, 180_000)
afterAll(() => planes?.stop())

async function inRedis(work: (redis: RedisClientType) => Promise<void>): Promise<void> {
  const redis: RedisClientType = createClient({ url: planes.redis.url })
  await redis.connect()
  await work(redis).finally(() => redis.destroy())
}

function rotate(...options: string[]) {
  const environment = { DATABASE_URL: planes.database.applicationUrl, GATEHOUSE_MASTER_KEY: planes.masterKey }
  return new GatehouseProcess(['rotate-signing-key', ...options], environment).finished
}

interface Believer {
  readonly name: string
  readonly status: string
  readonly trustedKeys: readonly string[] | null
}

async function believers(): Promise<readonly Believer[]> {
  const { dataPlanes } = await planes.graphql<{ dataPlanes: { edges: { node: Believer }[] } }>(
    '{ dataPlanes { edges { node { name status trustedKeys } } } }',
  )
  return dataPlanes.edges.map(({ node }) => node)
}

const untilBelieved = (name: string, keyIds: number) =>
  eventually(
    async () => (await believers()).find((node) => node.name === name)?.trustedKeys?.length === keyIds,
    limitMs,
    () => `${name} does not believe ${keyIds} keys`,
  )

async function countAudited(type: string): Promise<number> {
  const { auditEvents } = await planes.graphql<{ auditEvents: { edges: unknown[] } }>(
    'query ($type: String!) { auditEvents(first: 100, filter: { type: $type }) { edges { cursor } } }',
    { type },
  )
  return auditEvents.edges.length
}

/** Everything that the data plane has complained of, until the answer is called. */
function watch(plane: Plane): () => Promise<readonly string[]> {
  const finished = new AbortController()
  const complaints = (async () => {
    const found: string[] = []
    while (!finished.signal.aborted) {
      const { node } = await nodeStatus(plane)
      if (node.lastError !== null) found.push(node.lastError)
      const { status } = await chat(plane, key.secret)
      if (status !== 200) found.push(`a call was answered with ${status}`)
    }
    return found
  })()
  return () => {
    finished.abort()
    return complaints
  }
}

describe('gatehouse rotate-signing-key', () => {
  it('is at no moment a reason for a live data plane to refuse a head, and the old key ends', async () => {
    const complaints = watch(awake)
    expect((await rotate()).stdout).toMatch(/is announced/)
    expect((await rotate()).stderr).toMatch(/is under way: end it with --finish/)
    await untilBelieved('data-plane-0', 2)
    await issueKey(planes, planes.demo, { name: 'while both sign' })
    await planes.controlPlane.stop()
    await planes.controlPlane.start()
    const { stdout } = await rotate('--finish', '--force')
    expect(stdout).toMatch(/The old signing key is retired/)
    expect(stdout).toMatch(/Left behind: data-plane-1 \(dp_/)
    await untilBelieved('data-plane-0', 1)
    await issueKey(planes, planes.demo, { name: 'when the new one alone signs' })
    await eventually(async () => (await believers())[0]?.status === 'APPLIED', limitMs)
    expect(await complaints()).toEqual([])
  }, 180_000)

  it('leaves nothing to the old key: a head that it alone has signed is refused', async () => {
    planes.controlPlane.halt()
    await inRedis(async (redis) => void (await redis.set(headKey, firstHead)))
    const refusal = async () => (await nodeStatus(awake)).node.lastError ?? ''
    await eventually(async () => /no valid signature by a known key/.test(await refusal()), limitMs)
    planes.controlPlane.resume()
    await eventually(async () => (await nodeStatus(awake)).node.lastError === null, limitMs)
  }, 60_000)

  it('is caught up with by a data plane that slept through it, and through the next one', async () => {
    await rotate()
    await untilBelieved('data-plane-0', 2)
    await rotate('--finish', '--force')
    await untilBelieved('data-plane-0', 1)
    await asleep.start()
    await eventually(async () => {
      const [first, second] = await believers()
      return `${second?.trustedKeys}` === `${first?.trustedKeys}`
    }, limitMs)
    const late = await issueKey(planes, planes.demo, { name: 'after two rotations' })
    await eventually(async () => (await chat(asleep, late.secret)).status === 200, limitMs)
  }, 90_000)

  it('keeps what is on the disk of a data plane usable, though the old key had signed it', async () => {
    await asleep.stop()
    await planes.redis.kill()
    await asleep.start()
    expect((await chat(asleep, key.secret)).status).toBe(200)
    await planes.redis.start()
  }, 60_000)

  it('ends only once every data plane believes the new key', async () => {
    expect((await rotate('--finish')).stderr).toMatch(/No rotation of the signing key is under way/)
    await rotate()
    await untilBelieved('data-plane-0', 2)
    await untilBelieved('data-plane-1', 2)
    const { code, stdout } = await rotate('--finish')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/Left behind/)
    expect(await countAudited('signing_key.announced')).toBe(3)
    expect(await countAudited('signing_key.retired')).toBe(3)
  }, 90_000)
})
