import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { setBudget } from '../../control-plane/modules/budgets/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'

const limit = 3_000_000n
const leastUsed = (limit * 95n) / 100n

let gateway: Gateway
let budgetId: string
beforeAll(async () => {
  gateway = await startGateway({ dataPlanes: 2 })
  const owner = { kind: 'organization', id: gateway.organizationId } as const
  const actor = systemActor(gateway.organizationId)
  const terms = { owner, limitNanoUsd: limit, period: 'NONE' } as const
  budgetId = (await setBudget(gateway.controlPlane.services, actor, terms)).budget.id
  await gateway.applied()
}, 60_000)
afterAll(() => gateway.stop())

async function call(dataPlane: number): Promise<number> {
  const response = await fetch(`${gateway.dataPlanes[dataPlane]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.demo.virtualKey}` },
    body: JSON.stringify({
      ...{ model: 'demo/demo-chat', max_tokens: 20 },
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
  await response.arrayBuffer()
  return response.status
}

/** What each data plane has been leased and what is left of it, by their names. */
async function readLeases() {
  const { database } = gateway.controlPlane
  const rows = await database.transaction(gateway.organizationId, (em) =>
    em.execute<{ name: string; remaining: string }[]>(
      `select name, sum(remaining) as remaining from budget_leases
       join data_planes on data_planes.id = data_plane_id where closed_at is null and budget_id = ? group by name`,
      [budgetId],
    ),
  )
  return new Map(rows.map(({ name, remaining }) => [name, BigInt(remaining)]))
}

async function readWindow() {
  const { database } = gateway.controlPlane
  const [window] = await database.transaction(gateway.organizationId, (em) =>
    em.execute<{ settled: string; leased: string; overdrawn: string }[]>(
      'select settled, leased, overdrawn from budget_windows where budget_id = ?',
      [budgetId],
    ),
  )
  return window
}

it('money that one data plane holds and does not spend is spent by the other: 95 % of the budget at least', async () => {
  // It gets much, for it looks busy, and then falls idle.
  const hold = async () => {
    await Promise.all(Array.from({ length: 8 }, () => call(0)))
    return (await readLeases()).get('data-plane-0') ?? 0n
  }
  await expect.poll(hold, { timeout: 60_000 }).toBeGreaterThan(limit - leastUsed)

  const spend = async () => {
    while ((await call(1)) === 200);
    return BigInt((await readWindow())?.settled ?? 0)
  }
  await expect.poll(spend, { timeout: 60_000 }).toBeGreaterThanOrEqual(leastUsed)
  await expect.poll(async () => (await readWindow())?.leased, { timeout: 60_000 }).toBe('0')
  expect(BigInt((await readWindow())?.settled ?? 0)).toBeLessThanOrEqual(limit)
  expect((await readWindow())?.overdrawn).toBe('0')
}, 150_000)
