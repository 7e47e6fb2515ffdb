import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'

let gateway: Gateway
let client: OpenAI

beforeAll(async () => {
  gateway = await startGateway()
  client = new OpenAI({ baseURL: `${gateway.dataPlaneUrl}/v1`, apiKey: gateway.virtualKey, maxRetries: 0 })
}, 180_000)
afterAll(() => gateway.stop())

/** In nano-USD, as the usage record of a request says it; undefined while there is none. */
async function recordedCost(requestId: string | null): Promise<string | undefined> {
  const { usage } = await gateway.graphql<{ usage: { edges: { node: { costNanoUsd: string } }[] } }>(
    'query ($requestId: String!) { usage(filter: { requestId: $requestId }) { edges { node { costNanoUsd } } } }',
    { requestId },
  )
  const [first] = usage.edges
  return first?.node.costNanoUsd
}

const messages = [{ role: 'user' as const, content: 'Tell me about gates' }]

describe('the official client, given only base URL and key', () => {
  it('chats', async () => {
    const completion = await client.chat.completions.create({ model: 'demo-chat', messages })
    expect(completion.choices[0]?.message.content).toBeTruthy()
    expect(completion.usage?.total_tokens).toBeGreaterThan(0)
  })

  it('reads what a call has cost: in the head of a whole answer, in the usage chunk of a stream', async () => {
    const ask = { model: 'demo-chat', messages }
    const { response } = await client.chat.completions.create(ask).withResponse()
    const told = response.headers.get('x-gatehouse-cost-usd')
    expect(told).toMatch(/^\d+\.\d{2,9}$/)
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await Array.fromAsync(stream)
    expect(chunks.at(-1)?.usage).toMatchObject({ gatehouse: { cost_usd: told, estimated: false } })
    const id = response.headers.get('x-request-id')
    await expect
      .poll(() => recordedCost(id), { timeout: 30_000 })
      .toBe(String(Math.round(Number(told) * 1e9)))
  })

  it('streams a chat, the same text as the whole answer, without a chunk that it did not ask for', async () => {
    const whole = await client.chat.completions.create({ model: 'demo-chat', messages })
    const stream = await client.chat.completions.create({ model: 'demo-chat', messages, stream: true })
    let text = ''
    for await (const chunk of stream) {
      expect(chunk.choices).not.toHaveLength(0)
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe(whole.choices[0]?.message.content)
  })

  it('gets the usage chunk of a stream when it asks for it', async () => {
    const stream = await client.chat.completions.create({
      model: 'demo-chat',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) usage = chunk.usage ?? usage
    expect(usage?.total_tokens).toBeGreaterThan(0)
  })

  it('completes text', async () => {
    const completion = await client.completions.create({ model: 'demo-chat', prompt: 'Once upon' })
    expect(completion.choices[0]?.text).toBeTruthy()
  })

  it('embeds', async () => {
    const { data } = await client.embeddings.create({ model: 'demo-embedding', input: ['one', 'two'] })
    expect(data).toHaveLength(2)
    expect(data[0]?.embedding.length).toBeGreaterThan(0)
  })

  it('asks for a response, whole and streamed', async () => {
    const response = await client.responses.create({ model: 'demo-chat', input: 'Hello' })
    expect(response.output_text).toBeTruthy()
    const events: string[] = []
    const stream = await client.responses.create({ model: 'demo-chat', input: 'Hello', stream: true })
    for await (const event of stream) events.push(event.type)
    expect(events).toContain('response.completed')
  })

  it('makes an image', async () => {
    const { data } = await client.images.generate({ model: 'demo-image', prompt: 'a gate' })
    expect(data?.[0]?.b64_json ?? data?.[0]?.url).toBeTruthy()
  })

  it('lists the models that its key may use', async () => {
    const names: string[] = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toEqual(expect.arrayContaining(['demo-chat', 'demo-embedding', 'demo-image']))
  })
})
