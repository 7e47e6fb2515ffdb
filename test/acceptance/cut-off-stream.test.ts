import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, type Gateway, startGateway } from './gateway.ts'
import { configurationApplied, issueKey, readDemo, setBudget } from './keys.ts'

const model = 'endless'
/** A token a millisecond, sixteen thousand of them, whatever limit it is told. */
const upstreamName = 'demo-ignore-limit+pace-1+tokens-16000'
const outputNanoUsdPerToken = 600

let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  gateway = await startGateway()
  const demo = await readDemo(gateway)
  const prices = {
    inputNanoUsdPerMillionTokens: '150000000',
    cachedInputNanoUsdPerMillionTokens: '75000000',
    outputNanoUsdPerMillionTokens: String(outputNanoUsdPerToken * 1_000_000),
  }
  await gateway.graphql(
    'mutation ($input: CreateModelInput!) { createModel(input: $input) { ... on Model { id } } }',
    { input: { providerId: demo.providerId, name: model, upstreamName, prices } },
  )
  const { id, secret } = await issueKey(gateway, demo, { name: 'strict' })
  await setBudget(gateway, id, '1000000000')
  await configurationApplied(gateway)
  client = new OpenAI({ baseURL: `${gateway.dataPlaneUrl}/v1`, apiKey: secret, maxRetries: 0 })
}, 180_000)
afterAll(() => gateway?.stop())

interface Recorded {
  readonly outcome: string
  readonly errorCode: string | null
  readonly estimated: boolean
  readonly costNanoUsd: string
}

async function recorded(requestId: string): Promise<Recorded | undefined> {
  const { usage } = await gateway.graphql<{ usage: { edges: { node: Recorded }[] } }>(
    `query ($requestId: String!) { usage(filter: { requestId: $requestId }) {
       edges { node { outcome errorCode estimated costNanoUsd } } } }`,
    { requestId },
  )
  return usage.edges[0]?.node
}

const maxTokens = 20
const messages = [{ role: 'user' as const, content: 'Go on for ever' }]
const ask = {
  chat: () =>
    client.chat.completions.create({ model, messages, max_tokens: maxTokens, stream: true }).withResponse(),
  completion: () =>
    client.completions.create({ model, prompt: 'Go on', max_tokens: maxTokens, stream: true }).withResponse(),
  response: () =>
    client.responses
      .create({ model, input: 'Go on', max_output_tokens: maxTokens, stream: true })
      .withResponse(),
}

describe('the official client of a provider that ignores the output limit', () => {
  it.each(Object.entries(ask))(
    'reads that the answer was cut off and why, and the budget is charged what came: %s',
    async (name, send) => {
      const answer = await send()
      let events = 0
      const read = async () => {
        for await (const _event of answer.data) events++
      }
      const error = await read().catch((thrown: unknown) => thrown)
      if (!(error instanceof OpenAI.APIError)) return expect.unreachable(`the stream ended: ${error}`)
      const param = name === 'response' ? 'max_output_tokens' : 'max_tokens'
      expect(error).toMatchObject({ code: 'reservation_exceeded', type: 'reservation_exceeded', param })
      expect(error.error).toMatchObject({ scope: 'virtual_key', unit: 'tokens', limit: maxTokens })
      expect(error.message).toContain(`Set a higher ${param}`)
      expect(events).toBeGreaterThan(maxTokens)

      const requestId = answer.request_id ?? ''
      await expect.poll(() => recorded(requestId), { timeout: 30_000 }).toBeDefined()
      const record = await recorded(requestId)
      expect(record).toMatchObject({ outcome: 'failed', errorCode: 'reservation_exceeded', estimated: true })
      expect(Number(record?.costNanoUsd)).toBeGreaterThanOrEqual(events * outputNanoUsdPerToken)
    },
    60_000,
  )

  it('and the provider writes no more than a small part of what it would have', async () => {
    const calls = () => gateway.providerCalls().filter(({ model: asked }) => asked === upstreamName)
    await eventually(() => calls().length === Object.keys(ask).length, 30_000)
    for (const { outputTokens } of calls()) expect(outputTokens).toBeLessThan(8_000)
  })
})
