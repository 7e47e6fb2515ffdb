import type { CompiledKey, CompiledModel, CompiledProvider } from 'gatehouse/plugin-sdk/builtin'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { configuration, grant, key, limitNode, model, provider } from './fake-configuration.ts'
import type { FakeHostOptions } from './fake-host.ts'
import { providerSecret } from './provider/ask.ts'
import { event, httpChunk, startRawUpstream, streamHead, wholeAnswer } from './provider/raw-upstream.ts'
import { startStages } from './start-stages.ts'

const teamBudget = { id: 'bud_team', scope: 'team', limitNanoUsd: '1000000000' }
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const completion = JSON.stringify({
  id: 'c1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage,
})
const chunk = (content: string) => event({ id: 'c1', choices: [{ index: 0, delta: { content } }] })

interface GatewayOptions {
  readonly answer?: string | Buffer
  readonly model?: Partial<CompiledModel>
  readonly key?: Partial<CompiledKey>
  readonly provider?: Partial<CompiledProvider>
  readonly host?: FakeHostOptions
}

/** The stages in front of a provider, and OpenAI's own client in front of them. */
async function startGateway(options: GatewayOptions = {}) {
  const upstream = await startRawUpstream((socket) => {
    if (options.answer === '') socket.resetAndDestroy()
    else socket.end(options.answer ?? wholeAnswer(200, completion, ['connection: close']))
  })
  const acme = provider('acme', [model('small', options.model)], {
    baseUrl: upstream.baseUrl,
    origin: new URL(upstream.baseUrl).origin,
    ...options.provider,
  })
  const good = key({ grants: [grant(acme, ['small'])], budgets: [teamBudget], ...options.key })
  const stages = await startStages({
    configuration: configuration({ keys: { 'sk-good': good } }),
    ...(options.host && { host: options.host }),
  })
  const client = (apiKey = 'sk-good') => new OpenAI({ baseURL: stages.url, apiKey, maxRetries: 0 })
  return { upstream, client, ...stages }
}

const ask = { model: 'small', messages: [{ role: 'user' as const, content: 'Hi' }] }

describe('with the official client', () => {
  it('a chat is answered, charged and recorded', async () => {
    const { client, upstream, record } = await startGateway()
    const answer = await client().chat.completions.create(ask)
    expect(answer.choices[0]?.message.content).toBe('Hello')
    expect(upstream.requests[0]?.headers.get('authorization')).toBe(`Bearer ${providerSecret}`)
    expect(JSON.parse(upstream.requests[0]?.body ?? '')).toEqual({ ...ask, max_completion_tokens: 4096 })
    await expect.poll(() => record.journal.map(({ entry }) => entry)).toEqual(['intend', 'finish'])
    expect(record.journal[1]).toMatchObject({ charges: [{ leaseId: 'lease_test', nanoUsd: 20_000 }] })
  })

  it('a stream is read to its end, without the usage that was not asked for', async () => {
    const usageChunk = event({ id: 'c1', choices: [], usage })
    const answer = [chunk('Hel'), chunk('lo'), usageChunk, event('[DONE]'), ''].map(httpChunk)
    const { client, record } = await startGateway({
      answer: Buffer.concat([Buffer.from(streamHead), ...answer]),
    })
    const pieces = await Array.fromAsync(await client().chat.completions.create({ ...ask, stream: true }))
    expect(pieces.map(({ choices }) => choices[0]?.delta.content)).toEqual(['Hel', 'lo'])
    await expect.poll(() => record.settled[0]?.nanoUsd).toBe(20_000)
  })

  it('a stream that the provider cuts ends in an error, not in an end', async () => {
    const { client } = await startGateway({
      answer: Buffer.concat([Buffer.from(streamHead), httpChunk(chunk('Hel')), httpChunk('data: {"id')]),
    })
    const received: unknown[] = []
    const read = async () => {
      for await (const piece of await client().chat.completions.create({ ...ask, stream: true }))
        received.push(piece)
    }
    await expect(read()).rejects.toThrow(/broke off|failed/)
    expect(received).toHaveLength(1)
  })

  it('the models are those of the key', async () => {
    const { client, upstream } = await startGateway()
    const models = await Array.fromAsync(client().models.list())
    expect(models.map(({ id }) => id)).toEqual(['small'])
    expect((await client().models.retrieve('small')).id).toBe('small')
    expect(upstream.requests).toEqual([])
  })
})

describe("refusals are the client's own error classes, and reach no provider", () => {
  const limited = { take: () => ({ limit: limitNode('lim_1', 'team', 1), retryAfterMs: 1500 }) }
  const exhausted = {
    reserve: () => ({
      reason: 'exceeded' as const,
      scope: 'team',
      budgetId: 'bud_team',
      limitNanoUsd: '1000000000',
      settledNanoUsd: '1000000000',
      resetsAt: null,
    }),
  }
  const limits = [limitNode('lim_1', 'team', 1)]
  const cases: [
    string,
    number,
    unknown,
    GatewayOptions & { apiKey?: string; model?: undefined; ask?: string },
  ][] = [
    ['virtual_key_not_found', 401, OpenAI.AuthenticationError, { apiKey: 'sk-live-provider' }],
    ['virtual_key_blocked', 403, OpenAI.PermissionDeniedError, { key: { status: 'revoked' } }],
    ['model_blocked', 403, OpenAI.PermissionDeniedError, { ask: 'large' }],
    ['provider_blocked', 403, OpenAI.PermissionDeniedError, { key: { grants: [] } }],
    ['request_limited', 429, OpenAI.RateLimitError, { key: { limits }, host: limited }],
    ['budget_exceeded', 402, OpenAI.APIError, { host: exhausted }],
  ]
  for (const stream of [false, true]) {
    it.each(cases)(`%s (${stream ? 'streamed' : 'whole'})`, async (code, status, errorClass, options) => {
      const { client, upstream, record } = await startGateway(options)
      const asked = client(options.apiKey).chat.completions.create({
        ...ask,
        model: options.ask ?? 'small',
        stream,
      })
      const error: unknown = await asked.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(errorClass)
      expect(error).toMatchObject({ status, code, type: code })
      expect(upstream.requests).toEqual([])
      await expect.poll(() => record.journal.at(-1)?.entry).toBe('finish')
      expect(record.journal).toHaveLength(1)
    })
  }

  it('no key at all', async () => {
    const { url, upstream } = await startGateway()
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask),
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'virtual_key_required' } })
    expect(upstream.requests).toEqual([])
  })
})

it('the provider key is in nothing that a caller gets [S1-25]', async () => {
  const { url } = await startGateway({
    answer: wholeAnswer(401, `{"key":"${providerSecret}"}`, [`x-key: ${providerSecret}`]),
  })
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-good' },
    body: JSON.stringify(ask),
  })
  expect(response.status).toBe(502)
  expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain(providerSecret)
})
