import { createClient } from '@redis/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../../cli/embedded/redis.ts'
import { createRequestLimiter, type RequestLimiter } from '../../../control-plane/http/request-limiter.ts'
import { connectRedis } from '../../../transport/redis/connect.ts'
import { type Transport, TransportUnavailable } from '../../../transport/transport.ts'
import { startOwnRedis } from '../../environment/index.ts'

const log = { info: () => undefined, warn: () => undefined }
let redis: EmbeddedRedis
let transports: [Transport, Transport]

beforeAll(async () => {
  redis = await startOwnRedis()
  const patient = { log, operationTimeoutMs: 10_000, requestRateTimeoutMs: 10_000 }
  transports = [await connectRedis(redis.url, patient), await connectRedis(redis.url, patient)]
})

afterAll(async () => {
  for (const transport of transports) await transport.close()
  await redis.stop()
})

/** One on each of two control planes, whose own clock stands still. */
function limiters(kind: string, requestsPerMinute: number): [RequestLimiter, RequestLimiter] {
  const limiterOf = (transport: Transport) =>
    createRequestLimiter({ requestsPerMinute, kind, now: () => 0, shared: transport.controlPlane().rates })
  return [limiterOf(transports[0]), limiterOf(transports[1])]
}

async function admittedOf(requests: readonly Promise<{ admitted: boolean }>[]): Promise<number> {
  return (await Promise.all(requests)).filter(({ admitted }) => admitted).length
}

it('two control planes admit together what one may [S3-35]', async () => {
  const [first, second] = limiters('together', 6)
  const requests = Array.from({ length: 8 }, () => [first.admit('a'), second.admit('a')]).flat()
  expect(await admittedOf(requests)).toBe(6)
  const refused = await second.admit('a')
  expect(refused).toMatchObject({ admitted: false, remaining: 0 })
  expect(refused.retryAfterSeconds).toBeGreaterThan(0)
  expect(refused.retryAfterSeconds).toBeLessThanOrEqual(10)
  expect((await second.admit('b')).admitted).toBe(true)
})

it('limits of different kinds do not count each other', async () => {
  const [address] = limiters('address of', 1)
  const [principal] = limiters('principal of', 1)
  expect((await address.admit('a')).admitted).toBe(true)
  expect((await principal.admit('a')).admitted).toBe(true)
})

it('a limiter keeps to its limit by itself, whatever the store forgot', async () => {
  const [limiter] = limiters('forgetful', 2)
  const client = await createClient({ url: redis.url }).connect()
  const verdicts: boolean[] = []
  for (let request = 0; request < 4; request++) {
    verdicts.push((await limiter.admit('a')).admitted)
    await client.flushAll()
  }
  await client.close()
  expect(verdicts).toEqual([true, true, false, false])
})

it('without the store each control plane admits its own limit, and asks again a second later', async () => {
  let now = 0
  let asked = 0
  const take = async () => {
    asked += 1
    throw new TransportUnavailable('away')
  }
  const limiter = createRequestLimiter({
    ...{ requestsPerMinute: 2, kind: 'away', now: () => now, shared: { take } },
  })
  const verdicts = [await limiter.admit('a'), await limiter.admit('a'), await limiter.admit('a')]
  expect(verdicts.map(({ admitted }) => admitted)).toEqual([true, true, false])
  expect(asked).toBe(1)
  now = 1_000
  await limiter.admit('a')
  expect(asked).toBe(2)
})

it('a store that is silent holds up a request for a quarter of a second, not for longer', async () => {
  const transport = await connectRedis(redis.url, { log })
  const shared = transport.controlPlane().rates
  const limiter = createRequestLimiter({ requestsPerMinute: 3, kind: 'silent', now: () => 0, shared })
  const client = await createClient({ url: redis.url }).connect()
  await client.sendCommand(['CLIENT', 'PAUSE', '60000', 'ALL'])
  const startedAt = performance.now()
  expect(await admittedOf(Array.from({ length: 5 }, () => limiter.admit('a')))).toBe(3)
  expect(await admittedOf([limiter.admit('a')])).toBe(0)
  // The limit is 250 ms; the rest is room for a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  client.destroy()
  await transport.close()
})
