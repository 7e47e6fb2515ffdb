import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SlotTable } from '../../../transport/memory/slots.ts'
import { RedisConnection } from '../../../transport/redis/connection.ts'
import { holdSlots } from '../../../transport/redis/slot-store.ts'
import { redisUrl } from '../../environment/index.ts'
import { silentLog, uniqueOrganization } from '../implementations.ts'

let connection: RedisConnection

beforeAll(async () => {
  connection = new RedisConnection({
    route: { settings: { url: await redisUrl() } },
    ...{ role: 'test', log: silentLog, operationTimeoutMs: 5_000 },
  })
})
afterAll(() => connection.close())

const leaseMs = 20

const step = fc.record({
  holder: fc.constantFrom('a', 'b', 'c'),
  max: fc.integer({ min: 1, max: 12 }),
  inUse: fc.integer({ min: 0, max: 4 }),
  more: fc.integer({ min: 0, max: 8 }),
  waitMs: fc.constantFrom(0, 0, 0, 5, 25),
})

it('holds in Redis exactly the slots that the model does, also when a holder is heard of no more', async () => {
  const compare = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
    const organizationId = uniqueOrganization()
    const table = new SlotTable()
    for (const { holder, max, inUse, more, waitMs } of steps) {
      if (waitMs > 0) await delay(waitMs)
      const request = { limitId: 'vk_1', max, inUse, wanted: inUse + more }
      const { nowMicros, slots } = await connection.run((client) =>
        holdSlots(client, organizationId, holder, [request], leaseMs),
      )
      expect(slots).toEqual([table.hold(holder, request, leaseMs * 1000, nowMicros)])
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), compare), {
    ...{ seed: 5, numRuns: 60 },
  })
})
