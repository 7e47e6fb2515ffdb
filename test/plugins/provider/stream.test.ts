import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventFramer } from '../../../plugins/provider/event-framer.ts'
import { testPrices } from '../fake-configuration.ts'
import { hold } from '../fake-host.ts'
import { type AskOptions, prepareAsk, providerSecret } from './ask.ts'
import { event, httpChunk, startRawUpstream, streamHead } from './raw-upstream.ts'

const chat = { model: 'small', stream: true, messages: [] }
const delta = (content: string) => event({ choices: [{ delta: { content } }], usage: null })
const usage = { prompt_tokens: 10, completion_tokens: 5 }
const usageEvent = event({ choices: [], usage })
const done = event('[DONE]')

/** Each piece is one chunk on the wire, as far as the kernel keeps them apart. */
async function askFor(pieces: readonly (string | Buffer)[], options: Partial<AskOptions> = {}) {
  const upstream = await startRawUpstream((socket) => {
    socket.setNoDelay(true)
    socket.write(streamHead)
    const write = (index: number): void => {
      const piece = pieces[index]
      socket.write(httpChunk(piece ?? ''))
      if (piece !== undefined) setImmediate(write, index + 1)
    }
    write(0)
  })
  return { upstream, ...prepareAsk({ baseUrl: upstream.baseUrl, body: chat, ...options }) }
}

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

describe('a caller', () => {
  it('that reads slowly holds the provider up, and loses nothing', async () => {
    const { reply, answer } = await askFor([delta('one'), delta('two'), delta('three'), done])
    reply.hasRoom = false
    const first = reply.nextPiece()
    const answered = answer()
    await first
    expect(reply.isHeldUp).toBe(true)
    expect(reply.pieces).toHaveLength(1)
    reply.drain()
    await answered
    expect(reply.text).toBe(delta('one') + delta('two') + delta('three') + done)
  })

  it('that leaves is charged what the provider bills in the end, for the answer is heard out', async () => {
    const left = Promise.withResolvers<void>()
    const upstream = await startRawUpstream((socket) => {
      socket.write(streamHead)
      socket.write(httpChunk(delta('one')))
      void left.promise.then(() =>
        socket.write(Buffer.concat([httpChunk(delta('two') + usageEvent + done), httpChunk('')])),
      )
    })
    const { call, reply, answer, stage } = prepareAsk({
      baseUrl: upstream.baseUrl,
      body: chat,
      hold: hold(1e9),
    })
    const first = reply.nextPiece()
    const answered = answer()
    await first
    reply.leave()
    left.resolve()
    await answered
    expect(call.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, estimated: false })
    expect(reply.text).toBe(delta('one'))
    expect(stage.activity?.()).toMatchObject([{ inFlight: 0, errors: 0 }])
  })

  it('that leaves an answer which it held up does not hold it up any more', async () => {
    const { call, reply, answer } = await askFor([delta('one'), delta('two'), usageEvent, done])
    reply.hasRoom = false
    const first = reply.nextPiece()
    const answered = answer()
    await first
    reply.leave()
    await answered
    expect(call.usage).toMatchObject({ inputTokens: 10, estimated: false })
  })

  it('that leaves an answer without end pays all that was set aside once nobody listens any more', async () => {
    const upstream = await startRawUpstream((socket) => {
      socket.write(streamHead)
      socket.write(httpChunk(delta('one') + delta('two')))
    })
    const { call, reply, answer, stage } = prepareAsk({
      ...{ baseUrl: upstream.baseUrl, body: chat, hold: hold(1e9) },
      limits: { drainMs: 50 },
    })
    const first = reply.nextPiece()
    const answered = answer()
    await first
    reply.leave()
    await answered
    await upstream.disconnected
    expect(call.usage).toMatchObject({ estimated: true, outputTokens: 2, costNanoUsd: 1e9 })
    expect(stage.activity?.()).toMatchObject([{ inFlight: 0, errors: 0 }])
  })

  it('that leaves is not heard out for longer than a call may take', async () => {
    const asked = Promise.withResolvers<void>()
    const upstream = await startRawUpstream(() => asked.resolve())
    const { call, reply, answer } = prepareAsk({
      ...{ baseUrl: upstream.baseUrl, body: chat, hold: hold(9000) },
      limits: { maxDurationMs: 100, drainMs: 30_000 },
    })
    const answered = answer().catch(() => undefined)
    await asked.promise
    reply.leave()
    await answered
    await upstream.disconnected
    expect(call.usage).toMatchObject({ estimated: true, costNanoUsd: 9000 })
  })

  it('that leaves ends the question at once where it is not to be heard out', async () => {
    const asked = Promise.withResolvers<void>()
    const upstream = await startRawUpstream(() => asked.resolve())
    const { call, reply, answer } = prepareAsk({
      ...{ baseUrl: upstream.baseUrl, body: chat, hold: hold(9000) },
      limits: { drainMs: 0 },
    })
    const answered = answer()
    await asked.promise
    reply.leave()
    await answered
    await upstream.disconnected
    expect(call.usage).toMatchObject({ estimated: true, costNanoUsd: 9000 })
  })

  it.each(['abort', 'drain'] as const)(
    'that leaves ends the question as its provider says: %s',
    async (policy) => {
      const asked = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      const upstream = await startRawUpstream(async (socket) => {
        socket.write(streamHead)
        socket.write(httpChunk(delta('one')))
        asked.resolve()
        await released.promise
        if (!socket.destroyed) socket.end(Buffer.concat([httpChunk(usageEvent + done), httpChunk('')]))
      })
      const { call, reply, answer } = prepareAsk({
        ...{
          baseUrl: upstream.baseUrl,
          body: chat,
          hold: hold(9000),
          provider: { whenCallerLeaves: policy },
        },
        limits: { drainMs: policy === 'drain' ? 0 : 30_000 },
      })
      const answered = answer()
      await asked.promise
      reply.leave()
      if (policy === 'abort') await upstream.disconnected
      released.resolve()
      await answered
      const isExact = policy === 'drain'
      expect(call.usage).toMatchObject({ estimated: !isExact })
      expect(call.usage?.costNanoUsd === 9000).toBe(!isExact)
    },
  )

  it('that left already asks nothing', async () => {
    const upstream = await startRawUpstream(() => undefined)
    const { call, reply, answer } = prepareAsk({ baseUrl: upstream.baseUrl, body: chat, hold: hold(9000) })
    reply.leave()
    await answer()
    expect(call.usage).toBeUndefined()
    expect(upstream.requests).toEqual([])
  })
})
