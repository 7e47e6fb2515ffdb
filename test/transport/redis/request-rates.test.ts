import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newClient, type RedisClient } from '../../../transport/redis/client.ts'
import { takeFromRedis } from '../../../transport/redis/request-rates.ts'
import { takeRequest } from '../../../transport/request-rates.ts'
import { redisUrl } from '../../environment/index.ts'

let client: RedisClient

beforeAll(async () => {
  client = newClient({ url: await redisUrl() })
  await client.connect()
})

afterAll(() => client.close())

let world = 0

it('the script does in Redis what the model does', async () => {
  const step = fc.record({
    sender: fc.constantFrom('a', 'b'),
    rate: fc.constantFrom(1, 3, 7, 3_000, 1_000_000),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      world += 1
      const wholeAt = new Map<string, number>()
      for (const { sender, rate } of steps) {
        const { admitted, aheadMs, nowMs } = await takeFromRedis(client, `${world}:${sender}`, rate)
        const expected = takeRequest(wholeAt.get(sender), rate, nowMs)
        wholeAt.set(sender, expected.wholeAt)
        expect(admitted).toBe(expected.admitted)
        expect(aheadMs).toBeCloseTo(expected.wholeAt - nowMs, 1)
      }
    }),
    { numRuns: 40 },
  )
})

it('keeps nothing of a sender whose allowance is whole again', async () => {
  await takeFromRedis(client, 'brief', 6)
  const [key = ''] = await client.keys('gh:{rate}:brief')
  expect(await client.pTTL(key)).toBeGreaterThan(9_000)
  expect(await client.pTTL(key)).toBeLessThanOrEqual(10_000)
})
