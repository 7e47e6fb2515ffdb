import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventFramer } from '../../../plugins/provider/event-framer.ts'
import { testPrices } from '../fake-configuration.ts'
import { providerSecret } from './ask.ts'
import { event } from './raw-upstream.ts'
import { askFor, chat, delta, done, usage, usageEvent } from './streamed-ask.ts'

describe('a stream', () => {
  it('reaches the caller event by event, and its usage is read on the way [S0-33]', async () => {
    const { call, reply, answer } = await askFor([delta('Hel'), delta('lo'), usageEvent, done], {
      body: { ...chat, stream_options: { include_usage: true } },
    })
    await answer()
    const told = event({
      choices: [],
      usage: { ...usage, gatehouse: { cost_usd: '0.00002', estimated: false } },
    })
    expect(reply.text).toBe(delta('Hel') + delta('lo') + told + done)
    expect(reply).toMatchObject({ status: 200, ended: true })
    expect(reply.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(call.usage).toMatchObject({
      inputTokens: 10,
      outputTokens: 5,
      estimated: false,
      costNanoUsd: 20_000,
    })
  })

  it('of a response is charged for each tool that the provider ran, once', async () => {
    const search = { type: 'web_search_call', id: 'ws_1' }
    const usage = { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 2 } }
    const pieces = [
      event({ type: 'response.output_item.added', item: search }) +
        event({ type: 'response.output_item.done', item: search }) +
        event({ type: 'response.completed', response: { output: [search, { type: 'message' }], usage } }),
    ]
    const { call, answer } = await askFor(pieces, {
      operation: 'responses',
      model: { prices: { ...testPrices, toolCallNanoUsd: 10_000_000 } },
    })
    await answer()
    expect(call.usage).toMatchObject({ toolCalls: 1, reasoningTokens: 2, costNanoUsd: 10_020_000 })
  })

  it('of chat is charged for its sound by the price of sound, and for the search that it asked for', async () => {
    const details = {
      prompt_tokens_details: { audio_tokens: 4 },
      completion_tokens_details: { audio_tokens: 3 },
    }
    const { call, answer } = await askFor([event({ choices: [], usage: { ...usage, ...details } }), done], {
      body: { ...chat, web_search_options: {} },
      model: {
        prices: {
          ...testPrices,
          audioInputNanoUsdPerMillionTokens: 5_000_000_000,
          audioOutputNanoUsdPerMillionTokens: 7_000_000_000,
          toolCallNanoUsd: 10_000_000,
        },
      },
    })
    await answer()
    const tokens = 6 * 1_000 + 4 * 5_000 + 2 * 2_000 + 3 * 7_000
    expect(call.usage).toMatchObject({ toolCalls: 1, costNanoUsd: tokens + 10_000_000, estimated: false })
  })

  it('of a model without a price says nothing of its cost: unknown is never free', async () => {
    const { reply, answer } = await askFor([usageEvent, done], {
      body: { ...chat, stream_options: { include_usage: true } },
      model: { prices: null },
    })
    await answer()
    expect(reply.text).toBe(usageEvent + done)
  })

  it('does not show the usage that only we asked for', async () => {
    const { call, reply, answer } = await askFor([delta('Hi') + usageEvent + done])
    await answer()
    expect(reply.text).toBe(delta('Hi') + done)
    expect(call.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, estimated: false })
  })

  it('shows usage that came with an answer', async () => {
    const last = event({
      choices: [{ finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    })
    const { reply, answer } = await askFor([last + done])
    await answer()
    expect(reply.text).toBe(last + done)
  })

  it('of the responses API tells its usage in its last event', async () => {
    const created = `event: response.created\n${event({ type: 'response.created', response: { usage: null } })}`
    const completed = `event: response.completed\n${event({
      type: 'response.completed',
      response: { usage: { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4 } } },
    })}`
    const { call, reply, answer } = await askFor([created, completed], { operation: 'responses' })
    await answer()
    const cost = '"gatehouse":{"cost_usd":"0.0000164","estimated":false}'
    expect(reply.text).toBe(created + completed.replace(/}}}(?=\s*$)/, `,${cost}}}}`))
    expect(call.usage).toMatchObject({
      inputTokens: 10,
      cachedInputTokens: 4,
      outputTokens: 5,
      estimated: false,
    })
  })

  it('without usage is estimated: a token an event at least', async () => {
    const { call, answer } = await askFor([
      delta('a'),
      delta('b'),
      delta('a much longer piece of text'),
      done,
    ])
    await answer()
    expect(call.usage?.estimated).toBe(true)
    expect(call.usage?.outputTokens).toBeGreaterThanOrEqual(4)
  })

  it('under an alias bears the name that the caller asked for in each event [S1-31]', async () => {
    const named = event({ model: 'gpt-4o-mini', choices: [{ delta: { content: '"model":"é"' } }] })
    const { reply, answer } = await askFor([named, done], {
      body: { model: 'fast', stream: true },
      model: { name: 'fast', upstreamName: 'gpt-4o-mini' },
    })
    await answer()
    expect(reply.text).toBe(named.replace('gpt-4o-mini', 'fast') + done)
  })

  it('never shows the provider key [S1-25]', async () => {
    const { reply, answer } = await askFor([delta(providerSecret), done])
    await answer()
    expect(reply.text).toBe(delta('[redacted]') + done)
  })

  it('is recognised by what it is, whatever was asked', async () => {
    const { reply, answer } = await askFor([delta('a'), done], { body: { model: 'small' } })
    await answer()
    expect(reply.pieces.length).toBeGreaterThan(0)
    expect(reply.text).toBe(delta('a') + done)
  })
})

describe('pieces on the wire are not events', () => {
  const text = delta('naïve 漢字') + delta('🦊').replaceAll('\n', '\r\n') + usageEvent + done

  it('byte by byte, through characters and line ends', async () => {
    const bytes = Buffer.from(text)
    const pieces = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
    const { call, reply, answer } = await askFor(pieces)
    await answer()
    expect(reply.text).toBe(delta('naïve 漢字') + delta('🦊').replaceAll('\n', '\r\n') + done)
    expect(call.usage).toMatchObject({ inputTokens: 10, estimated: false })
  })

  it('cut anywhere, what is forwarded ends with an event and nothing is lost', () => {
    const lineEnd = fc.constantFrom('\n', '\r\n')
    const events = fc.array(fc.tuple(fc.string({ unit: 'binary' }), lineEnd), { maxLength: 8 })
    fc.assert(
      fc.property(events, fc.array(fc.nat(200), { maxLength: 20 }), (parts, cuts) => {
        const stream = Buffer.from(
          parts.map(([data, end]) => `data: ${JSON.stringify(data)}${end}${end}`).join(''),
        )
        const framer = new EventFramer()
        const positions = [...new Set(cuts.filter((cut) => cut < stream.length))].sort((a, b) => a - b)
        const forwarded: Buffer[] = []
        for (const [index, position] of [0, ...positions].entries()) {
          const run = framer.push(stream.subarray(position, positions[index] ?? stream.length))
          if (!run) continue
          expect(run.toString()).toMatch(/\n\r?\n$/)
          forwarded.push(run)
        }
        expect(framer.rest()).toBeUndefined()
        expect(Buffer.concat(forwarded).equals(stream)).toBe(true)
      }),
    )
  })

  it('a last event without its blank line is forwarded at the end', async () => {
    const { reply, answer } = await askFor([delta('a'), 'data: [DONE]\n'])
    await answer()
    expect(reply.text).toBe(`${delta('a')}data: [DONE]\n`)
  })
})
