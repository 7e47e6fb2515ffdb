import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@redis/client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { permitHoldMs } from '../../../transport/limit-store.ts'
import { PermitWindow } from '../../../transport/memory/permits.ts'
import { RedisConnection } from '../../../transport/redis/connection.ts'
import { acquirePermits, grantName, keepPermits } from '../../../transport/redis/limit-store.ts'
import { redisUrl } from '../../environment/index.ts'
import { silentLog, uniqueOrganization } from '../implementations.ts'

let connection: RedisConnection
let url: string

beforeAll(async () => {
  url = await redisUrl()
  connection = new RedisConnection({
    route: { settings: { url } },
    role: 'test',
    log: silentLog,
    operationTimeoutMs: 5_000,
  })
})
afterAll(() => connection.close())

const windowMs = 24
const limitIds = ['lim_1', 'lim_2'] as const

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      asks: fc.array(
        fc.record({
          limitId: fc.constantFrom(...limitIds),
          // Requests come one by one; tokens by the thousand, some calls with more than the limit.
          ...{ max: fc.integer({ min: 1, max: 40 }), needed: fc.constantFrom(1, 1, 3, 20, 41) },
          ...{ more: fc.integer({ min: 0, max: 12 }), weight: fc.constantFrom(1, 1, 2_000_000_000) },
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('keep' as const),
      /** Which of the grants so far, from the newest; some are long gone. */
      age: fc.integer({ min: 0, max: 5 }),
      permits: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 8_000_000_000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15 }) }),
  },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** Runs the same steps in Redis and in the model, at the times that Redis measured. */
async function compare(actions: readonly Action[]): Promise<void> {
  const organizationId = uniqueOrganization()
  const windows = new Map(limitIds.map((limitId) => [limitId, new PermitWindow()]))
  const grants: { limitId: (typeof limitIds)[number]; grantId: string }[] = []
  for (const [index, step] of actions.entries()) {
    if (step.kind === 'wait') await delay(step.ms)
    if (step.kind === 'acquire') {
      const requests = step.asks.map(({ limitId, max, needed, more, weight }) => ({
        ...{ limitId, windowMs, max: max * weight },
        ...{ needed: needed * weight, wanted: (needed + more) * weight },
      }))
      const answers = await connection.run((client) =>
        acquirePermits(client, organizationId, `g${index}`, requests),
      )
      for (const [position, { limitId, max, needed, wanted }] of requests.entries()) {
        const grantId = grantName(`g${index}`, position)
        const lifetime = (permitHoldMs(windowMs) + windowMs) * 1000
        const now = answers[position]?.nowMicros ?? 0
        const expected = windows.get(limitId)?.acquire({ grantId, max, lifetime, needed, wanted, now })
        expect({
          granted: answers[position]?.granted,
          remaining: answers[position]?.remaining,
          retryAfter: answers[position]?.retryAfterMicros,
        }).toEqual(expected)
        grants.push({ limitId, grantId })
      }
    }
    if (step.kind === 'keep') {
      const grant = grants.at(-1 - step.age)
      if (!grant) continue
      const { limitId, grantId } = grant
      const [now] = await connection.run(async (client) => {
        const time = await client.sendCommand(['TIME'])
        await keepPermits(client, organizationId, [{ limitId, grantId, permits: step.permits }])
        return [Number(String(time).split(',')[0]) * 1_000_000 + Number(String(time).split(',')[1])]
      })
      windows.get(limitId)?.keep(grantId, step.permits, now ?? 0)
    }
  }
}

it('decides in Redis exactly as the model does', async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), compare), {
    seed: 77,
    numRuns: 60,
  })
})

it('leaves nothing behind once no permit counts', async () => {
  const organizationId = uniqueOrganization()
  const request = { limitId: 'lim_1', max: 100, windowMs, needed: 1, wanted: 3 }
  const client = await createClient({ url }).connect()
  try {
    await connection.run((commands) => acquirePermits(commands, organizationId, 'g', [request]))
    const keys = await client.keys(`*${organizationId}*`)
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      const ttlMs = await client.pTTL(key)
      expect(ttlMs).toBeGreaterThan(0)
      expect(ttlMs).toBeLessThanOrEqual(windowMs + permitHoldMs(windowMs) + 1_000)
    }
  } finally {
    client.destroy()
  }
})
