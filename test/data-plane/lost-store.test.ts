import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SimulatedCall } from '../../cli/simulator/call-log.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'
import { numberedCall } from './numbered-call.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ dataPlanes: 2 })
}, 60_000)
afterAll(() => gateway.stop())

const call = (index: number) => numberedCall(gateway, index)

function billedNanoUsd(): number {
  const lines = readFileSync(join(gateway.directory, 'calls.ndjson'), 'utf8').split('\n').filter(Boolean)
  return lines.reduce((sum, line) => sum + (JSON.parse(line) as SimulatedCall).costNanoUsd, 0)
}

function rows<T extends object>(sql: string): Promise<T[]> {
  const { database } = gateway.controlPlane
  return database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql))
}

it('bills and audits every call once, though Redis loses all that it has, again and again', async () => {
  const redis = createClient({ url: gateway.redisUrl })
  await redis.connect()
  const statuses: number[] = []
  for (let round = 0; round < 6; round++) {
    const calls = Array.from({ length: 10 }, (_, index) => call(round * 10 + index))
    // Once while they are under way, once when their records are: in the stream, or between it and the database.
    await redis.flushDb()
    statuses.push(...(await Promise.all(calls)))
    await new Promise((resolve) => setTimeout(resolve, round * 60))
    await redis.flushDb()
  }
  await redis.close()
  const served = statuses.filter((status) => status === 200).length
  expect(served).toBeGreaterThan(0)
  const recorded = await eventually('every call in the database', async () => {
    const usage = await rows<{ outcome: string; cost: string }>(
      "select outcome, cost_nano_usd as cost from usage_records where operation <> 'models.list'",
    )
    return usage.length >= statuses.length ? usage : undefined
  })
  expect(recorded).toHaveLength(statuses.length)
  expect(recorded.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(served)
  expect(recorded.reduce((sum, { cost }) => sum + Number(cost), 0)).toBe(billedNanoUsd())
  const [audited] = await rows<{ count: number }>(
    `select count(*)::int as count from audit_events
     where type like 'inference.%' and details->>'operation' <> 'models.list'`,
  )
  expect(audited?.count).toBe(statuses.length)
}, 60_000)
