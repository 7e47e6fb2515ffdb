import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { configurationApplied, type Demo, issueKey, readDemo, setRequestLimit, type TestKey } from './keys.ts'

let gateway: Gateway
let demo: Demo

beforeAll(async () => {
  gateway = await startGateway()
  demo = await readDemo(gateway)
}, 180_000)
afterAll(() => gateway.stop())

const ask = { model: 'demo-chat', messages: [{ role: 'user' as const, content: 'Hi' }] }

async function newKey(name: string, limits: { requests?: number; budget?: string }): Promise<TestKey> {
  const key = await issueKey(gateway, demo, { name })
  if (limits.requests !== undefined) await setRequestLimit(gateway, key.id, limits.requests)
  if (limits.budget !== undefined) {
    await gateway.graphql(
      'mutation ($input: SetBudgetInput!) { setBudget(input: $input) { ... on Budget { id } } }',
      { input: { owner: { virtualKeyId: key.id }, limit: limits.budget, period: 'YEAR' } },
    )
  }
  await configurationApplied(gateway)
  return key
}

async function showAmounts(showBudgetAmounts: boolean): Promise<void> {
  await gateway.graphql(
    `mutation ($input: UpdateClientConfigurationInput!) { updateClientConfiguration(input: $input) {
       ... on ClientConfiguration { version } } }`,
    { input: { showBudgetAmounts } },
  )
  await configurationApplied(gateway)
}

const clientOf = ({ secret }: TestKey) =>
  new OpenAI({ baseURL: `${gateway.dataPlaneUrl}/v1`, apiKey: secret, maxRetries: 0 })

interface Quota {
  readonly budgets: readonly Record<string, unknown>[]
  readonly limits: readonly Record<string, unknown>[]
}

async function quotaOf(secret: string): Promise<Quota> {
  const answer = await fetch(`${gateway.dataPlaneUrl}/v1/quota`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Quota
}

const nextYear = () => new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 1)).toISOString()

describe('a caller with a request limit', () => {
  it('reads how it stands in every answer: whole, streamed and refused', async () => {
    const client = clientOf(await newKey('limited', { requests: 2 }))
    const whole = await client.chat.completions.create(ask).withResponse()
    expect(Object.fromEntries(whole.response.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': expect.stringMatching(/^(\d+h)?(\d+m)?\d+s$/),
      'ratelimit-policy': '"virtual_key-requests-3600s";q=2;w=3600',
      ratelimit: expect.stringMatching(/^"virtual_key-requests-3600s";r=1;t=\d+$/),
    })
    const streamed = await client.chat.completions.create({ ...ask, stream: true }).withResponse()
    expect(streamed.response.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    await Array.fromAsync(streamed.data)
    const refused = await client.chat.completions.create(ask).catch((error: unknown) => error)
    if (!(refused instanceof OpenAI.RateLimitError)) throw refused
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect(refused.headers.get('ratelimit')).toMatch(/;r=0;t=\d+$/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.error).toMatchObject({ scope: 'virtual_key', unit: 'requests', limit: 2 })
    expect(refused.error).toHaveProperty('resets_at')
  })
})

describe('a caller whose budget has no room', () => {
  it('reads at which level and when to come back, and amounts only once an administrator shows them', async () => {
    const client = clientOf(await newKey('poor', { budget: '1' }))
    const refusal = async (): Promise<InstanceType<typeof OpenAI.APIError>> => {
      const error = await client.chat.completions.create(ask).catch((thrown: unknown) => thrown)
      if (!(error instanceof OpenAI.APIError)) throw error
      // On a busy machine it may not be known yet.
      return error.type === 'budget_unavailable' ? refusal() : error
    }
    const hidden = await refusal()
    expect(hidden.status).toBe(402)
    expect(hidden.error).toMatchObject({ scope: 'virtual_key', resets_at: nextYear() })
    expect(Number(hidden.headers?.get('retry-after'))).toBeGreaterThan(0)
    for (const amount of ['limit', 'used', 'unit']) expect(hidden.error).not.toHaveProperty(amount)
    expect(hidden.message).not.toContain('$')
    await showAmounts(true)
    expect((await refusal()).error).toMatchObject({ unit: 'usd', limit: '0.000000001', used: '0.00' })
    await showAmounts(false)
  })
})

describe('GET /v1/quota', () => {
  it('says how the levels of the key stand that asks, and asks no provider', async () => {
    const key = await newKey('curious', { requests: 5, budget: '2000000000' })
    await clientOf(key).chat.completions.create(ask)
    const before = gateway.providerCalls().length
    const quota = await quotaOf(key.secret)
    expect(quota.budgets.at(-1)).toEqual({
      scope: 'virtual_key',
      provider: null,
      resets_at: nextYear(),
      as_of: expect.any(String),
    })
    expect(quota.limits.at(-1)).toEqual({
      scope: 'virtual_key',
      provider: null,
      unit: 'requests',
      limit: 5,
      remaining: 4,
      window_seconds: 3600,
      resets_at: expect.any(String),
    })
    expect((await quotaOf(key.secret)).limits.at(-1)).toMatchObject({ remaining: 4 })
    expect(gateway.providerCalls()).toHaveLength(before)
  })

  it('says what was used to the nano-dollar, where amounts are shown', async () => {
    const key = await newKey('careful', { budget: '2000000000' })
    await showAmounts(true)
    const unused = (await quotaOf(key.secret)).budgets.at(-1)
    expect(unused).toMatchObject({ unit: 'usd', limit: '2.00', used: '0.00', remaining: '2.00' })
    const { response } = await clientOf(key).chat.completions.create(ask).withResponse()
    const cost = response.headers.get('x-gatehouse-cost-usd')
    await expect
      .poll(async () => (await quotaOf(key.secret)).budgets.at(-1)?.used, { timeout: 30_000 })
      .toBe(cost)
    await showAmounts(false)
  })

  it('is refused to whoever has no key, and recorded without cost', async () => {
    expect((await fetch(`${gateway.dataPlaneUrl}/v1/quota`)).status).toBe(401)
    const key = await newKey('recorded', {})
    await quotaOf(key.secret)
    const recorded = () =>
      gateway.graphql(
        `query ($id: ID!) { usage(filter: { virtualKeyId: $id }) {
           edges { node { operation outcome costNanoUsd } } } }`,
        { id: key.id },
      )
    await expect.poll(recorded, { timeout: 30_000 }).toEqual({
      usage: { edges: [{ node: { operation: 'quota', outcome: 'succeeded', costNanoUsd: '0' } }] },
    })
  })
})
