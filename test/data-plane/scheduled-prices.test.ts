import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { scheduleModelPrices } from '../../control-plane/modules/models/scheduling.ts'
import { updateModel } from '../../control-plane/modules/models/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { eventually } from '../transport/poll.ts'

const hour = 3_600_000
const perToken = 1_000_000n
const free = { inputNanoUsdPerMillionTokens: 0n, outputNanoUsdPerMillionTokens: 0n }

let ahead = 0
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ now: () => Date.now() + ahead })
}, 60_000)
afterAll(() => gateway.stop())

function rows<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
  const { database } = gateway.controlPlane
  return database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql, [...parameters]))
}

async function applied(): Promise<void> {
  const [head] = await rows<{ revision: string }>('select revision from config_heads')
  await eventually('the data plane runs the configuration', async () => {
    const behind = await rows('select 1 from data_planes where coalesce(applied_revision, 0) < ?', [
      Number(head?.revision),
    ])
    return behind.length === 0 || undefined
  })
}

async function call(): Promise<void> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.demo.virtualKey}` },
    body: JSON.stringify({
      model: 'demo/demo-reasoning',
      max_tokens: 60,
      messages: [{ role: 'user', content: 'How much is it?' }],
    }),
  })
  await response.arrayBuffer()
  expect(response.status).toBe(200)
}

interface Recorded {
  readonly cost: string
  readonly output_tokens: string
  readonly reasoning_tokens: string
}

const recorded = (count: number) =>
  eventually(`${count} calls are recorded`, async () => {
    const found = await rows<Recorded>(
      `select cost_nano_usd as cost, output_tokens, reasoning_tokens from usage_records
       where operation = 'chat.completions' order by at, id`,
    )
    return found.length === count ? found : undefined
  })

it('a call is charged by the prices of the time at which it began, and no later change alters what was charged', async () => {
  const { services } = gateway.controlPlane
  const actor = systemActor(gateway.organizationId)
  const [model] = await rows<{ id: string }>(`select id from models where name = 'demo-reasoning'`)
  const id = model?.id ?? expect.fail('the demo is not there')
  const before = {
    ...free,
    outputNanoUsdPerMillionTokens: 1_000n * perToken,
    reasoningNanoUsdPerMillionTokens: 3_000n * perToken,
    callNanoUsd: 7n,
  }
  await updateModel(services, actor, { id, prices: before })
  const validFrom = new Date(Date.now() + hour)
  await scheduleModelPrices(services, actor, {
    modelId: id,
    prices: { ...free, callNanoUsd: 900_000n },
    validFrom,
  })
  await applied()
  await call()
  await recorded(1)
  ahead = hour
  await call()
  const charged = await recorded(2)
  const [first] = charged
  const reasoning = Number(first?.reasoning_tokens)
  expect(reasoning).toBeGreaterThan(0)
  const said = Number(first?.output_tokens) - reasoning
  expect(charged.map(({ cost }) => Number(cost))).toEqual([7 + said * 1_000 + reasoning * 3_000, 900_000])

  await updateModel(services, actor, { id, prices: { ...free, callNanoUsd: 5n } })
  await applied()
  await call()
  const after = await recorded(3)
  expect(after.slice(0, 2)).toEqual(charged)
  expect(after.map(({ cost }) => cost)).toEqual([...charged.map(({ cost }) => cost), '5'])
})
