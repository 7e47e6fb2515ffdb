import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findDrift } from '../../chaos/ledger.ts'
import { Random } from '../../chaos/random.ts'
import type { SimulatedCall } from '../../cli/simulator/call-log.ts'
import { systemActor } from '../../control-plane/actor.ts'
import { reconcileBudgets } from '../../control-plane/leases/reconcile.ts'
import { setBudget } from '../../control-plane/modules/budgets/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { redisUrl } from '../environment/index.ts'
import { LateProxy } from '../environment/late-proxy.ts'
import { RepeatingStore } from '../environment/repeating-store.ts'

const callers = 8
const callsOfEach = 40
const limit = 10n ** 11n

const ends = new AsyncDisposableStack()
const random = new Random(20_261_129)
let gateway: Gateway
let redis: LateProxy
let postgres: LateProxy
let repeating: RepeatingStore

beforeAll(async () => {
  const store = await redisUrl()
  redis = ends.use(await LateProxy.start(store, random))
  gateway = await startGateway({
    dataPlanes: 2,
    redisUrl: redis.through(store),
    databaseUrl: async (url) => {
      postgres = ends.use(await LateProxy.start(url, random))
      return postgres.through(url)
    },
  })
  ends.defer(() => gateway.stop())
  repeating = ends.use(await RepeatingStore.start(store, gateway.organizationId, random))
  const owner = { kind: 'organization', id: gateway.organizationId } as const
  const actor = systemActor(gateway.organizationId)
  await setBudget(gateway.controlPlane.services, actor, { owner, limitNanoUsd: limit, period: 'NONE' })
  await gateway.applied()
}, 60_000)
afterAll(() => ends.disposeAsync())

async function call(id: string, dataPlane: number): Promise<number | undefined> {
  const answer = fetch(`${gateway.dataPlanes[dataPlane]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.demo.virtualKey}`,
      'x-request-id': id,
    },
    body: JSON.stringify({
      ...{ model: 'demo/demo-chat', user: id, max_tokens: 20 },
      messages: [{ role: 'user', content: `call ${id}` }],
    }),
  })
  return answer.then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
    () => undefined,
  )
}

function billed() {
  const lines = readFileSync(join(gateway.directory, 'calls.ndjson'), 'utf8').split('\n').filter(Boolean)
  return lines
    .map((line): SimulatedCall => JSON.parse(line))
    .map(({ user, costNanoUsd }) => ({ id: user ?? '', costNanoUsd }))
}

function rows<T extends object>(sql: string): Promise<T[]> {
  const { database } = gateway.controlPlane
  return database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql))
}

const readCharged = async () => {
  const found = await rows<{ requestId: string; outcome: string; estimated: boolean; cost: string }>(
    `select request_id as "requestId", outcome, estimated, cost_nano_usd as cost from usage_records
     where operation <> 'models.list'`,
  )
  return found.map(({ cost, ...row }) => ({ ...row, costNanoUsd: Number(cost) }))
}

/** Of the organization; the demo has a budget of its own. */
const readWindow = async () => {
  const [window] = await rows<{ settled: string; leased: string; overdrawn: string }>(
    `select settled, leased, overdrawn from budget_windows
     join budgets on budgets.id = budget_id where owner_kind = 'organization'`,
  )
  return window
}

it('answers of PostgreSQL, Redis and the control plane that are late, lost, doubled or out of order change nothing twice', async () => {
  redis.mischief = { late: 0.1, longestMs: 150, lost: 0.002 }
  postgres.mischief = { late: 0.1, longestMs: 100, lost: 0.004 }
  const statuses: (number | undefined)[] = []
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let index = 0; index < callsOfEach; index++) {
        statuses.push(await call(`call-${caller}-${index}`, caller % 2))
        // So that leases lie idle, and are given back, in between.
        if (index % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 2_000))
      }
    }),
  )
  redis.mischief = undefined
  postgres.mischief = undefined
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(statuses.length / 2)

  const isAtRest = async () =>
    (await readCharged()).length >= statuses.length && (await readWindow())?.leased === '0'
  await expect.poll(isAtRest, { timeout: 60_000 }).toBe(true)
  const charged = await readCharged()
  expect(findDrift(billed(), charged)).toMatchObject({ nanoUsd: 0, calls: [] })
  expect(new Set(charged.map(({ requestId }) => requestId)).size).toBe(charged.length)
  const spent = charged.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)
  expect(await readWindow()).toEqual({ settled: String(spent), leased: '0', overdrawn: '0' })
  const { database } = gateway.controlPlane
  const look = () =>
    database.transaction(gateway.organizationId, (em) =>
      reconcileBudgets(em, gateway.organizationId, Date.now()),
    )
  expect(await look()).toEqual({ drifts: [], amount: 0n })
  expect(gateway.logged()).not.toContain('names a lease that is not known')

  for (const [what, count] of Object.entries({
    ...repeating.counts,
    redis: redis.counts.late,
    postgres: postgres.counts.late,
  })) {
    expect(count, what).toBeGreaterThan(0)
  }
}, 180_000)
