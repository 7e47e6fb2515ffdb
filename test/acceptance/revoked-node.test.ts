import { cpSync, readFileSync } from 'node:fs'
import { createClient, type RedisClientType } from '@redis/client'
import { compactDecrypt, importJWK } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { chat } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, type TestKey } from './keys.ts'
import { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'

/*
 * Somebody has copied a data plane's state directory. The data plane is revoked; what the copy is good for is seen from
 * outside, beside another data plane that goes on.
 */

const limitMs = 30_000

let planes: Planes
let stolen: string
let thief: Plane
let key: TestKey
let redis: RedisClientType
/** What the credentials of the other data plane were before the revocation. */
let sealedBefore: string | null
let credentialsOf: (dataPlaneId: string) => string

interface Exposed {
  readonly id: string
  readonly exposedProviderKeys: readonly { readonly id: string; readonly name: string }[]
}

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 2 })
  key = await issueKey(planes, planes.demo)
  await planes.applied()
  redis = createClient({ url: planes.redis.url })
  await redis.connect()
  const [head = ''] = await redis.keys('*:config:head')
  credentialsOf = (dataPlaneId) => head.replace(/head$/, `credentials:${dataPlaneId}`)
  sealedBefore = await redis.get(credentialsOf(idOf(planes.stateDirectories[1] ?? '')))
  const [original = ''] = planes.stateDirectories
  stolen = `${original}-copy`
  cpSync(original, stolen, { recursive: true })
  thief = new Plane('data-plane', {
    REDIS_URL: planes.redis.url,
    GATEHOUSE_STATE_DIR: stolen,
    DATA_PLANE_PORT: '0',
    DATA_PLANE_STATUS_PORT: '0',
  })
}, 180_000)
afterAll(async () => {
  redis?.destroy()
  await thief?.kill()
  await planes?.stop()
})

function readIdentity(directory: string) {
  return JSON.parse(readFileSync(`${directory}/identity.json`, 'utf8'))
}

const idOf = (directory: string): string => readIdentity(directory).enrolment.dataPlaneId

const selection = 'id exposedProviderKeys { id name }'

async function revoke(id: string): Promise<Exposed> {
  const { revokeDataPlane } = await planes.graphql<{ revokeDataPlane: Exposed }>(
    `mutation ($input: RevocationInput!) { revokeDataPlane(input: $input) { ... on DataPlane { ${selection} } } }`,
    { input: { id, waitFor: 'ALL', waitSeconds: 20 } },
  )
  return revokeDataPlane
}

async function countRejected(): Promise<number> {
  const client = new pg.Client({ connectionString: planes.database.ownerUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ count: string }>('select count(*) from rejected_batches')
    return Number(rows[0]?.count)
  } finally {
    await client.end()
  }
}

describe('a data plane that is revoked', () => {
  it('leaves its provider keys to be replaced, each by its name, until they are', async () => {
    const { id, exposedProviderKeys } = await revoke(idOf(stolen))
    expect(exposedProviderKeys.map(({ name }) => name)).toEqual(['main'])
    const [exposed] = exposedProviderKeys
    await planes.graphql(
      `mutation ($input: RotateProviderKeyInput!) {
         rotateProviderKey(input: $input) { ... on ProviderKey { exposedAt } } }`,
      { input: { id: exposed?.id, secret: 'sk-after-the-revocation', waitFor: 'ALL', waitSeconds: 20 } },
    )
    const { dataPlane } = await planes.graphql<{ dataPlane: Exposed }>(
      `query ($id: ID!) { dataPlane(id: $id) { ${selection} } }`,
      { id },
    )
    expect(dataPlane.exposedProviderKeys).toEqual([])
  })

  it('can open no secret that is published from then on: all are sealed anew, and none of them to it', async () => {
    expect(await redis.get(credentialsOf(idOf(stolen)))).toBeNull()
    const published = await redis.get(credentialsOf(idOf(planes.stateDirectories[1] ?? '')))
    expect(published).not.toBe(sealedBefore)
    const open = async (directory: string) => {
      const sealingKey = await importJWK(readIdentity(directory).keys.sealing, 'ECDH-ES')
      return compactDecrypt(published ?? '', sealingKey)
    }
    await expect(open(planes.stateDirectories[1] ?? '')).resolves.toBeDefined()
    await expect(open(stolen)).rejects.toThrow()
  })

  it('refuses every call as soon as it hears of it, and nobody believes what it reports', async () => {
    const before = await countRejected()
    await thief.start()
    await eventually(async () => (await chat(thief, key.secret)).type === 'config_unavailable', limitMs)
    await eventually(async () => (await countRejected()) > before, limitMs)
    const [, other] = planes.dataPlanes
    expect(other && (await chat(other, key.secret)).status).toBe(200)
  }, 60_000)
})
