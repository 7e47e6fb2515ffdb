import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, chat, nodeStatus } from './calls.ts'
import { eventually } from './gateway.ts'
import { issueKey, setBudget, type TestKey } from './keys.ts'
import type { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'

let planes: Planes
let dataPlane: Plane
let unbudgeted: TestKey
let budgeted: TestKey

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 1 })
  const [first] = planes.dataPlanes
  if (!first) throw new Error('no data plane')
  dataPlane = first
  unbudgeted = await issueKey(planes, planes.demo, { name: 'unbudgeted' })
  budgeted = await issueKey(planes, planes.demo, { name: 'budgeted' })
  await setBudget(planes, budgeted.id, '1000000000')
  await planes.applied()
}, 180_000)
afterAll(() => planes?.stop())

const limitMs = 30_000

/** Calls one after the other until one is not answered with 200. */
async function callUntilRefused(key: TestKey): Promise<{ served: number; refusal: Answer }> {
  const deadline = Date.now() + limitMs
  for (let served = 0; Date.now() < deadline; served += 1) {
    const refusal = await chat(dataPlane, key.secret)
    if (refusal.status !== 200) return { served, refusal }
  }
  throw new Error(`still served after ${limitMs} ms`)
}

// One story: each part begins where the one before it ended.
describe('with the control plane and Redis killed', () => {
  it('a budgeted key answers while its lease lasts, then gets 503 without a provider call', async () => {
    for (const key of [unbudgeted, budgeted]) expect((await chat(dataPlane, key.secret)).status).toBe(200)
    // The lease is one that calls have just used: an idle one is given back within seconds. From the signals on neither
    // of the two does anything any more.
    const killed = Promise.all([planes.controlPlane.kill(), planes.redis.kill()])
    const { served, refusal } = await callUntilRefused(budgeted)
    await killed
    expect(served).toBeGreaterThan(0)
    expect(refusal).toMatchObject({ status: 503, type: 'budget_unavailable' })
    expect(Number(refusal.retryAfter)).toBeGreaterThan(0)
    const before = planes.providerCalls().length
    expect(await chat(dataPlane, budgeted.secret)).toMatchObject({ status: 503, type: 'budget_unavailable' })
    expect(planes.providerCalls()).toHaveLength(before)
  })

  it('a key without a budget keeps answering', async () => {
    for (let call = 0; call < 5; call += 1)
      expect((await chat(dataPlane, unbudgeted.secret)).status).toBe(200)
  })

  it('a data plane that is killed and started again serves from its disk', async () => {
    // The status is answered a turn of the event loop later than the last call, whose end is then written: a kill
    // before would leave it unknown, which is another test's promise.
    await nodeStatus(dataPlane)
    await dataPlane.kill()
    await dataPlane.start()
    expect((await chat(dataPlane, unbudgeted.secret)).status).toBe(200)
    const { refusal } = await callUntilRefused(budgeted)
    expect(refusal).toMatchObject({ status: 503, type: 'budget_unavailable' })
  }, 180_000)
})

describe('with everything back', () => {
  beforeAll(async () => {
    await planes.redis.start()
    await planes.controlPlane.start()
  }, 60_000)

  it('all usage of the outage arrives, each call once and at what the provider billed', async () => {
    const billed = planes.providerCalls()
    const costNanoUsd = String(billed.reduce((sum, call) => sum + call.costNanoUsd, 0))
    await eventually(async () => (await totals()).requests >= billed.length, limitMs)
    await eventually(async () => (await nodeStatus(dataPlane)).counters.eventBacklog === 0, limitMs)
    expect(await totals()).toEqual({ requests: billed.length, costNanoUsd })
  }, 180_000)

  it('a budgeted key answers again, and its budget was charged what its calls cost', async () => {
    await eventually(async () => (await chat(dataPlane, budgeted.secret)).status === 200, limitMs)
    const read = () =>
      planes.graphql<{ virtualKey: { budgets: Spending[] }; usage: { totals: Totals } }>(
        `query ($id: ID!) {
           virtualKey(id: $id) { budgets { settled leased } }
           usage(filter: { virtualKeyId: $id, outcome: succeeded }) { totals { requests costNanoUsd } }
         }`,
        { id: budgeted.id },
      )
    // Once its leases are given back, nothing of the budget is on the way any more.
    await eventually(async () => (await read()).virtualKey.budgets[0]?.leased === '0', limitMs)
    const { virtualKey, usage } = await read()
    expect(virtualKey.budgets[0]?.settled).toBe(usage.totals.costNanoUsd)
  }, 90_000)
})

interface Spending {
  readonly settled: string
  readonly leased: string
}

interface Totals {
  readonly requests: number
  readonly costNanoUsd: string
}

async function totals(): Promise<Totals> {
  const { usage } = await planes.graphql<{ usage: { totals: Totals } }>(
    '{ usage(filter: { outcome: succeeded }) { totals { requests costNanoUsd } } }',
  )
  return usage.totals
}
