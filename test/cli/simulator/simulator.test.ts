import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SimulatedCall } from '../../../cli/simulator/call-log.ts'
import { type Simulator, startSimulator } from '../../../cli/simulator/server.ts'
import { countTokens } from '../../../cli/simulator/tokens.ts'
import { temporaryDirectory } from '../../environment/index.ts'

const directory = temporaryDirectory()
const logFile = join(directory, 'simulator', 'calls.ndjson')
let simulator: Simulator
let client: OpenAI

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, logFile })
  client = new OpenAI({ baseURL: simulator.baseUrl, apiKey: 'sk-provider-secret', maxRetries: 0 })
})

afterAll(async () => {
  await simulator.close()
  rmSync(directory, { recursive: true, force: true })
})

function loggedCalls(): SimulatedCall[] {
  const lines = readFileSync(logFile, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}

const question = { model: 'demo-chat', messages: [{ role: 'user' as const, content: 'What is a gateway?' }] }

it('answers the same question the same, with the true number of tokens', async () => {
  const first = await client.chat.completions.create(question)
  const second = await client.chat.completions.create(question)
  const text = first.choices[0]?.message.content ?? ''
  expect(second.choices[0]?.message.content).toBe(text)
  expect(second.id).not.toBe(first.id)
  expect(first.choices[0]?.finish_reason).toBe('stop')
  expect(first.usage?.completion_tokens).toBe(countTokens(text))
  expect(first.usage?.prompt_tokens).toBe(3 + 3 + countTokens('user') + countTokens('What is a gateway?'))
})

it('streams the same text and ends with the same usage', async () => {
  const whole = await client.chat.completions.create(question)
  const stream = await client.chat.completions.create({
    ...question,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let usage: OpenAI.CompletionUsage | null | undefined
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  expect(text).toBe(whole.choices[0]?.message.content)
  expect(usage).toEqual(whole.usage)
})

it('stops at the limit of the caller', async () => {
  const answer = await client.chat.completions.create({ ...question, max_completion_tokens: 5 })
  expect(answer.choices[0]?.finish_reason).toBe('length')
  expect(answer.usage?.completion_tokens).toBe(5)
})

it('goes on beyond the limit of the caller where it is to ignore it', async () => {
  const model = 'demo-ignore-limit+tokens-300'
  const limits = { max_tokens: 5, max_completion_tokens: 5 }
  const chat = await client.chat.completions.create({ ...question, model, ...limits })
  expect(chat.usage?.completion_tokens).toBe(300)
  const response = await client.responses.create({ model, input: 'Go on', max_output_tokens: 16 })
  expect(response.usage?.output_tokens).toBe(300)
})

it('answers with the tool that the caller insists on', async () => {
  const answer = await client.chat.completions.create({
    ...question,
    tools: [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }],
    tool_choice: 'required',
  })
  const [call] = answer.choices[0]?.message.tool_calls ?? []
  expect(call?.type === 'function' && call.function).toEqual({ name: 'look_up', arguments: '{}' })
})

it('speaks the responses API, whole and streamed', async () => {
  const request = { model: 'demo-reasoning', input: 'Think about gateways', instructions: 'Be brief' }
  const whole = await client.responses.create(request)
  expect(whole.output_text.length).toBeGreaterThan(10)
  expect(whole.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0)
  const streamed = await client.responses.stream(request).finalResponse()
  expect(streamed.output_text).toBe(whole.output_text)
  expect(streamed.usage).toEqual(whole.usage)
})

it('marks a response that its limit cut short', async () => {
  const answer = await client.responses.create({ model: 'demo-chat', input: 'Go on', max_output_tokens: 16 })
  expect(answer.status).toBe('incomplete')
  expect(answer.usage?.output_tokens).toBe(16)
})

it('gives the same embedding as floats and as base64', async () => {
  const request = { model: 'demo-embedding', input: ['one', 'two'], dimensions: 8 }
  const floats = await client.embeddings.create({ ...request, encoding_format: 'float' })
  const decoded = await client.embeddings.create(request)
  const raw = await client.post<{ data: { embedding: string }[] }>('/embeddings', {
    body: { ...request, encoding_format: 'base64' },
  })
  expect(floats.data[0]?.embedding).toHaveLength(8)
  expect(floats.data[0]?.embedding).not.toEqual(floats.data[1]?.embedding)
  expect(typeof raw.data[0]?.embedding).toBe('string')
  for (const [index, { embedding }] of decoded.data.entries()) {
    for (const [place, value] of embedding.entries()) {
      expect(value).toBeCloseTo(floats.data[index]?.embedding[place] ?? Number.NaN, 6)
    }
  }
})

it('completes prompts, paints images and lists its models', async () => {
  const completion = await client.completions.create({
    model: 'demo-chat',
    prompt: ['a', 'b'],
    max_tokens: 8,
  })
  expect(completion.choices.map((choice) => choice.index)).toEqual([0, 1])
  expect(completion.usage?.completion_tokens).toBe(16)
  const image = await client.images.generate({ model: 'demo-image', prompt: 'A gate' })
  expect(
    Buffer.from(image.data?.[0]?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG')
  const models = await client.models.list()
  expect(models.data.map((model) => model.id)).toContain('demo-chat')
})

it('has every answered call in its log before the caller knows, and no secret', async () => {
  const answer = await client.chat.completions.create(question).withResponse()
  const call = loggedCalls().find(({ id }) => id === answer.request_id)
  expect(call).toMatchObject({
    path: '/v1/chat/completions',
    model: 'demo-chat',
    status: 200,
    inputTokens: answer.data.usage?.prompt_tokens,
    outputTokens: answer.data.usage?.completion_tokens,
    aborted: false,
  })
  const perToken = { input: 150, output: 600 }
  expect(call?.costNanoUsd).toBe(
    (call?.inputTokens ?? 0) * perToken.input + (call?.outputTokens ?? 0) * perToken.output,
  )
  expect(readFileSync(logFile, 'utf8')).not.toContain('sk-provider-secret')
  expect(call?.keyHash).toMatch(/^[0-9a-f]{16}$/)
})

it('bills a caller who leaves a stream for what was written until then', async () => {
  const request = { ...question, model: 'demo-stall', stream: true as const }
  const answer = await client.chat.completions.create(request).withResponse()
  let pieces = 0
  const reading = (async () => {
    for await (const chunk of answer.data) {
      pieces += chunk.choices[0]?.delta.content ? 1 : 0
      if (pieces === 3) answer.data.controller.abort()
    }
  })()
  await reading
  await expect.poll(() => loggedCalls().find(({ id }) => id === answer.request_id)).toBeDefined()
  const call = loggedCalls().find(({ id }) => id === answer.request_id)
  expect(call).toMatchObject({ aborted: true, stream: true, status: 200 })
  expect(call?.outputTokens).toBeGreaterThanOrEqual(3)
  expect(call?.costNanoUsd).toBeGreaterThan(0)
})

it('fails on request, by model name or header, and logs that nothing was billed', async () => {
  await expect(client.chat.completions.create({ ...question, model: 'demo-error-429' })).rejects.toThrow(
    OpenAI.RateLimitError,
  )
  const refused = client.chat.completions.create(question, {
    headers: { 'x-simulator-behaviour': 'error-500' },
  })
  await expect(refused).rejects.toThrow(OpenAI.InternalServerError)
  expect(loggedCalls().at(-1)).toMatchObject({ status: 500, costNanoUsd: 0 })
  const misspelt = client.chat.completions.create(question, { headers: { 'x-simulator-behaviour': 'eror' } })
  await expect(misspelt).rejects.toThrow('does not know "eror"')
})

it('cuts a stream in the middle', async () => {
  const stream = await client.chat.completions.create({ ...question, model: 'demo-cut', stream: true })
  const reading = (async () => {
    for await (const _ of stream);
  })()
  await expect(reading).rejects.toThrow()
  expect(loggedCalls().at(-1)).toMatchObject({ model: 'demo-cut', aborted: true })
})

it('refuses what a provider refuses, in the shape that clients understand', async () => {
  const stranger = new OpenAI({ baseURL: simulator.baseUrl, apiKey: 'sk-invalid-1', maxRetries: 0 })
  await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError)
  await expect(client.chat.completions.create({ ...question, model: 'gpt-x' })).rejects.toThrow(
    OpenAI.NotFoundError,
  )
  await expect(client.chat.completions.create({ model: 'demo-chat', messages: [] })).rejects.toThrow(
    OpenAI.BadRequestError,
  )
})
