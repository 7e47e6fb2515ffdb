import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { configurationApplied, issueKey, readDemo } from './keys.ts'

let gateway: Gateway
let limited: string
let single: string

beforeAll(async () => {
  gateway = await startGateway()
  const demo = await readDemo(gateway)
  const key = await issueKey(gateway, demo, { name: 'limited' })
  limited = key.secret
  const one = await issueKey(gateway, demo, { name: 'single' })
  single = one.secret
  await gateway.graphql(
    `mutation ($input: UpdateVirtualKeyInput!) { updateVirtualKey(input: $input) {
       __typename ... on VirtualKey { maxConcurrentCalls } } }`,
    { input: { id: one.id, maxConcurrentCalls: 1 } },
  )
  await gateway.graphql(
    `mutation ($input: SetRequestLimitInput!) { setRequestLimit(input: $input) {
       __typename ... on RequestLimit { maxRequests maxTokens } } }`,
    { input: { owner: { virtualKeyId: key.id }, maxTokens: 3_500, windowSeconds: 3600 } },
  )
  await configurationApplied(gateway)
}, 180_000)
afterAll(() => gateway.stop())

async function chat(secret: string, text: string, extra: object = {}) {
  const response = await fetch(`${gateway.dataPlaneUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model: 'demo-chat', messages: [{ role: 'user', content: text }], ...extra }),
  })
  const { error, usage } = (await response.json()) as {
    error?: Record<string, unknown>
    usage?: { total_tokens: number }
  }
  const retryAfter = response.headers.get('retry-after')
  return { status: response.status, error, retryAfter, tokens: usage?.total_tokens ?? 0 }
}

it('a limit of tokens admits no call that might exceed it, counts what calls used, and says what to do [S0-21]', async () => {
  const long = 'word '.repeat(600)
  const first = await chat(limited, long, { max_tokens: 10 })
  expect(first.status).toBe(200)
  expect(first.tokens).toBeGreaterThan(500)

  const asked = gateway.providerCalls().length
  const second = await chat(limited, long, { max_tokens: 10 })
  expect(second).toMatchObject({
    ...{ status: 429, error: { type: 'token_limited', scope: 'virtual_key', limit: 3_500 } },
    retryAfter: expect.stringMatching(/^3[0-9]{3}$/),
  })
  const alone = await chat(limited, 'Hello', { max_tokens: 3_500 })
  expect(alone).toMatchObject({ status: 429, error: { type: 'token_limited', param: 'max_tokens' } })
  expect(alone.error?.message).toMatch(/set max_tokens to 3\d{3} or less/)
  expect(alone.retryAfter).toBeNull()
  expect(gateway.providerCalls()).toHaveLength(asked)

  // What the first call set aside and did not use is free again.
  expect((await chat(limited, 'Hello', { max_tokens: 2_000 })).status).toBe(200)
})

it('a key with one call under way gets no second at the same time, and the next once it has ended', async () => {
  const slow = () => chat(single, 'Hello', { model: 'demo-slow-2000' })
  const answers = await Promise.all([slow(), slow(), slow()])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 429, 429])
  expect(answers.find(({ status }) => status === 429)).toMatchObject({
    ...{ retryAfter: '1', error: { type: 'concurrency_limited', scope: 'virtual_key', limit: 1 } },
  })
  expect((await chat(single, 'Hello')).status).toBe(200)
})
