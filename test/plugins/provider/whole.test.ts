import { describe, expect, it } from 'vitest'
import { testPrices } from '../fake-configuration.ts'
import { hold } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'
import { type AskOptions, prepareAsk, providerSecret } from './ask.ts'
import { startRawUpstream, wholeAnswer } from './raw-upstream.ts'

async function askFor(answer: string, options: Omit<AskOptions, 'baseUrl'> = {}) {
  const upstream = await startRawUpstream((socket) => socket.write(answer))
  return { upstream, ...prepareAsk({ baseUrl: upstream.baseUrl, ...options }) }
}

const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } }

describe('an answer', () => {
  it('reaches the caller byte for byte, and its usage is read on the way', async () => {
    const body = `{ "id":"x", "choices":[{"message":{"content":"say \\"usage\\":{} \\u00e9"}}],\n "usage" : ${JSON.stringify(usage)}, "unknown": 1.0 }`
    const { call, reply, answer } = await askFor(wholeAnswer(200, body))
    await answer()
    expect(reply).toMatchObject({ status: 200, text: body })
    expect(reply.headers).toEqual({ 'content-type': 'application/json', 'x-gatehouse-cost-usd': '0.0000164' })
    expect(call.usage).toEqual({
      inputTokens: 10,
      cachedInputTokens: 4,
      outputTokens: 5,
      images: 0,
      audioInputTokens: 0,
      reasoningTokens: 0,
      audioOutputTokens: 0,
      toolCalls: 0,
      estimated: false,
      costNanoUsd: 6 * 1000 + 4 * 100 + 5 * 2000,
    })
  })

  it.each([
    [
      'responses',
      '{"usage":{"input_tokens":10,"output_tokens":5,"input_tokens_details":{"cached_tokens":4}}}',
      16_400,
    ],
    ['embeddings', '{"data":[],"usage":{"prompt_tokens":10,"total_tokens":10}}', 10_000],
  ] as const)('of %s has its own words for usage', async (operation, body, costNanoUsd) => {
    const { call, answer } = await askFor(wholeAnswer(200, body), { operation })
    await answer()
    expect(call.usage).toMatchObject({ inputTokens: 10, costNanoUsd, estimated: false })
  })

  const partlyPriced = {
    ...testPrices,
    reasoningNanoUsdPerMillionTokens: 3_000_000_000,
    audioInputNanoUsdPerMillionTokens: 5_000_000_000,
    audioOutputNanoUsdPerMillionTokens: 7_000_000_000,
    callNanoUsd: 11,
    toolCallNanoUsd: 13_000_000,
  }
  const partCost = 11 + 4 * 1000 + 2 * 100 + 4 * 5000 + 2 * 2000 + 3 * 3000 + 5 * 7000

  it.each([
    ['chat.completions', 'prompt', 'completion', ''],
    ['responses', 'input', 'output', '"output":[{"type":"web_search_call"},{"type": "file_search_call"}],'],
  ] as const)(
    'of %s is charged for each kind of token and tool as it is priced',
    async (operation, input, output, tools) => {
      const body = `{${tools}"text":"\\"type\\":\\"web_search_call\\"","usage":{"${input}_tokens":10,"${output}_tokens":10,
      "${input}_tokens_details":{"cached_tokens":2,"audio_tokens":4},
      "${output}_tokens_details":{"reasoning_tokens":3,"audio_tokens":5}}}`
      const { call, answer } = await askFor(wholeAnswer(200, body), {
        operation,
        model: { prices: partlyPriced },
      })
      await answer()
      const toolCalls = tools === '' ? 0 : 2
      expect(call.usage).toMatchObject({
        ...{ audioInputTokens: 4, reasoningTokens: 3, audioOutputTokens: 5, toolCalls },
        costNanoUsd: partCost + toolCalls * 13_000_000,
      })
    },
  )

  const search = { model: 'small', messages: [], web_search_options: { search_context_size: 'low' } }
  it.each([
    ['a search, which chat does not tell', search, 1],
    [
      'a search that is spelled with escapes',
      JSON.stringify(search).replace('web_search', 'web\\u005fsearch'),
      1,
    ],
    ['no search', { ...search, web_search_options: null }, 0],
    ['the words alone', { ...search, web_search_options: undefined, user: '"web_search_options"' }, 0],
  ])('of chat is charged for %s', async (_, body, toolCalls) => {
    const text = JSON.stringify({ choices: [], usage })
    const { call, answer } = await askFor(wholeAnswer(200, text), { body, model: { prices: partlyPriced } })
    await answer()
    expect(call.usage?.toolCalls).toBe(toolCalls)
    expect(call.usage?.costNanoUsd).toBe(11 + 16_400 + toolCalls * 13_000_000)
  })

  it('that tells no usage is charged for the tools that were run all the same', async () => {
    const text = '{"output":[{"type":"web_search_call"}]}'
    const { call, answer } = await askFor(wholeAnswer(200, text), {
      ...{ operation: 'responses', model: { prices: partlyPriced } },
    })
    await answer()
    expect(call.usage).toMatchObject({ toolCalls: 1, estimated: true })
    expect(call.usage?.costNanoUsd).toBeGreaterThan(13_000_000)
  })

  it('with parts that are larger than the whole is charged for the whole', async () => {
    const details = '{"reasoning_tokens":9,"audio_tokens":9}'
    const body = `{"usage":{"prompt_tokens":0,"completion_tokens":5,"completion_tokens_details":${details}}}`
    const { call, answer } = await askFor(wholeAnswer(200, body), { model: { prices: partlyPriced } })
    await answer()
    expect(call.usage).toMatchObject({ reasoningTokens: 5, audioOutputTokens: 0, costNanoUsd: 11 + 5 * 3000 })
  })

  it('is charged by the prices of the time at which the call began', async () => {
    const prices = (at: number) => ({ ...testPrices, callNanoUsd: at === 0 ? 1_000 : 999_999 })
    const body = '{"usage":{"prompt_tokens":0,"completion_tokens":0}}'
    const { call, answer } = await askFor(wholeAnswer(200, body), { model: { pricesAt: prices } })
    await answer()
    expect(call.usage?.costNanoUsd).toBe(1_000)
  })

  it('with pictures is priced by them [S1-19]', async () => {
    const body = '{"created":1,"data":[{"b64_json":"QUJD","url":null},{"b64_json":"REVG","url":null}]}'
    const prices = { ...testPrices, imageNanoUsd: 40_000_000 }
    const { call, answer } = await askFor(wholeAnswer(200, body), {
      operation: 'images.generations',
      model: { prices },
    })
    await answer()
    expect(call.usage).toMatchObject({ images: 2, costNanoUsd: 80_000_000, estimated: false })
  })

  it('under an alias bears the name that the caller asked for [S1-31]', async () => {
    const { reply, upstream, answer } = await askFor(
      wholeAnswer(200, '{"model": "gpt-4o-mini-2024","x":"é"}'),
      {
        body: { model: 'fast' },
        model: { name: 'fast', upstreamName: 'gpt-4o-mini' },
      },
    )
    await answer()
    expect(upstream.requests[0]?.body).toBe('{"model":"gpt-4o-mini"}')
    expect(reply.text).toBe('{"model": "fast","x":"é"}')
  })

  it('of a model without a price says nothing of its cost: unknown is never free', async () => {
    const { reply, answer } = await askFor(wholeAnswer(200, JSON.stringify({ usage })), {
      model: { prices: null },
    })
    await answer()
    expect(reply.headers).not.toHaveProperty('x-gatehouse-cost-usd')
  })

  it('shows no header that speaks of our account', async () => {
    const headers = [
      'openai-organization: org-ours',
      'x-request-id: theirs',
      'set-cookie: a=b',
      'x-ratelimit-remaining-requests: 9',
      'ratelimit: "default";r=9;t=1',
      'retry-after: 1',
    ]
    const { reply, answer } = await askFor(wholeAnswer(200, '{}', headers))
    await answer()
    expect(Object.keys(reply.headers).sort()).toEqual([
      'content-type',
      'retry-after',
      'x-gatehouse-cost-estimated',
      'x-gatehouse-cost-usd',
    ])
  })
})

describe('usage that is missing or wrong is estimated and says so', () => {
  it.each([
    '{}',
    '{"usage":null}',
    '{"usage":"lots"}',
    '{"usage":{}}',
    '{"usage":{"prompt_tokens":-1,"completion_tokens":1}}',
    '{"usage":{"prompt_tokens":1.5,"completion_tokens":1}}',
    '{"usage":{"prompt_tokens":"1","completion_tokens":1}}',
    '{"usage":{"prompt_tokens":1e300,"completion_tokens":1}}',
    '{"usage":{"prompt_tokens":1',
    'not JSON at all',
  ])('%s', async (body) => {
    const { call, reply, answer } = await askFor(wholeAnswer(200, body))
    await answer()
    expect(reply.text).toBe(body)
    expect(call.usage?.estimated).toBe(true)
    expect(call.usage?.costNanoUsd).toBeGreaterThan(0)
    expect(reply.headers).toMatchObject({ 'x-gatehouse-cost-estimated': 'true' })
  })

  it('more cached than read counts as read', async () => {
    const body =
      '{"usage":{"prompt_tokens":3,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":9}}}'
    const { call, answer } = await askFor(wholeAnswer(200, body))
    await answer()
    expect(call.usage).toMatchObject({ inputTokens: 3, cachedInputTokens: 3 })
  })

  it('an estimate never exceeds what was set aside', async () => {
    const { call, answer } = await askFor(wholeAnswer(200, '{}'), { hold: hold(7) })
    await answer()
    expect(call.usage?.costNanoUsd).toBe(7)
  })
})

describe('a refusal of the provider', () => {
  it.each([400, 404, 409, 413, 415, 422, 429])(
    "%i is the caller's to read, and costs nothing",
    async (status) => {
      const body = '{"error":{"message":"no"}}'
      const { call, reply, answer, stage } = await askFor(wholeAnswer(status, body, ['retry-after: 7']), {
        hold: hold(9),
      })
      await answer()
      expect(reply).toMatchObject({ status, text: body })
      expect(reply.headers).toMatchObject({ 'retry-after': '7', 'x-gatehouse-cost-usd': '0.00' })
      expect(call.usage?.costNanoUsd).toBe(0)
      expect(stage.activity?.()).toMatchObject([{ requests: 1, errors: 0, inFlight: 0 }])
    },
  )

  it.each([301, 401, 402, 403, 500, 502, 503, 529])(
    '%i is ours: 502 without its body, and costs nothing',
    async (status) => {
      const leak = `{"error":{"message":"Incorrect API key: ${providerSecret}"}}`
      const { call, reply, answer, stage } = await askFor(
        wholeAnswer(status, leak, ['location: /x', 'retry-after: 3']),
      )
      const refusal = await refusalOf(answer)
      expect(refusal).toMatchObject({
        code: 'provider_error',
        status: 502,
        details: { retryAfterSeconds: 3 },
      })
      expect(refusal.message).toBe(`The provider "acme" failed (HTTP ${status})`)
      expect(reply.started).toBe(false)
      expect(call.usage?.costNanoUsd).toBe(0)
      expect(stage.activity?.()).toEqual([
        { name: 'acme', requests: 1, errors: 1, inFlight: 0, lastError: `HTTP ${status}` },
      ])
    },
  )

  it('by a proxy that gave up waiting leaves the cost unknown: all that was set aside', async () => {
    const { call, reply, answer } = await askFor(wholeAnswer(504, ''), { hold: hold(9000) })
    expect(await refusalOf(answer)).toMatchObject({ code: 'provider_timeout', status: 504 })
    expect(reply.headers).toEqual({
      'x-gatehouse-cost-usd': '0.000009',
      'x-gatehouse-cost-estimated': 'true',
    })
    expect(call.usage).toMatchObject({ costNanoUsd: 9000, estimated: true })
  })

  it('never shows the provider key, even when it echoes it [S1-25]', async () => {
    for (const status of [200, 400]) {
      const { reply, answer } = await askFor(wholeAnswer(status, `{"echo":"Bearer ${providerSecret}"}`))
      await answer()
      expect(reply.text).toBe('{"echo":"Bearer [redacted]"}')
    }
  })
})

describe('an answer that cannot be passed on', () => {
  it('in an encoding that nobody asked for', async () => {
    const { answer } = await askFor(wholeAnswer(200, 'xx', ['content-encoding: gzip']))
    expect((await refusalOf(answer)).code).toBe('provider_error')
  })

  it('beyond the limit of its size', async () => {
    const { answer, upstream } = await askFor(
      `HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n${'x'.repeat(200)}`,
      {
        limits: { maxAnswerBytes: 100 },
      },
    )
    expect((await refusalOf(answer)).message).toContain('100 bytes')
    await upstream.disconnected
  })
})
