import { createClient } from '@redis/client'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { type Gateway, startGateway } from '../../environment/gateway.ts'
import { startOwnRedis } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'

let redis: EmbeddedRedis
let gateway: Gateway

beforeAll(async () => {
  redis = await startOwnRedis()
  gateway = await startGateway({ redisUrl: redis.url })
}, 60_000)
afterAll(async () => {
  await gateway.stop()
  await redis.kill()
})

async function readiness() {
  const response = await fetch(`${gateway.controlPlane.url}/readyz`)
  const { degraded } = (await response.json()) as { degraded: { what: string }[] }
  return { httpStatus: response.status, found: degraded.map(({ what }) => what) }
}

/** Ends the connections to the database of this test and lets nobody in, or lets them in again. */
async function letConnect(isAllowed: boolean): Promise<void> {
  const name = new URL(gateway.database.superuserUrl).pathname.slice(1)
  await withClient(inject('servers').postgres.superuserUrl, async (client) => {
    await client.query(`alter database ${name} with allow_connections ${isAllowed}`)
    if (isAllowed) return
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  })
}

it('a Redis that forgets when it is full, and one that is nearly full, are told before they do harm', async () => {
  const client = await createClient({ url: redis.url }).connect()
  /** How full it is is read on every connection, and rarely otherwise. */
  const told = async (what: string[]) => {
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    const wanted = JSON.stringify({ httpStatus: 200, found: what })
    await eventually(`it tells ${what}`, async () => JSON.stringify(await readiness()) === wanted)
  }
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
  await client.configSet({ maxmemory: String(Math.ceil(used * 100)), 'maxmemory-policy': 'allkeys-lru' })
  await told(['redis_evicts'])
  await client.configSet({ maxmemory: String(Math.ceil(used * 1.02)), 'maxmemory-policy': 'noeviction' })
  await told(['redis_filling'])
  await client.configSet({ maxmemory: '0' })
  await told([])
  await client.close()
})

it('without PostgreSQL it is not ready, while data planes go on, and it is again once that is back', async () => {
  await letConnect(false)
  await eventually('not ready', async () => (await readiness()).httpStatus === 503 || undefined)
  expect((await readiness()).found).toContain('database_unreachable')
  const dataPlane = gateway.dataPlanes[0]
  expect((await fetch(`${dataPlane?.statusUrl}/readyz`)).status).toBe(200)
  const headers = { authorization: `Bearer ${gateway.demo.virtualKey}` }
  expect((await fetch(`${dataPlane?.url}/v1/models`, { headers })).status).toBe(200)
  await letConnect(true)
  await eventually('ready again', async () => (await readiness()).found.length === 0 || undefined)
})
