import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { hold } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'
import { type AskOptions, prepareAsk } from './ask.ts'
import { event, httpChunk, startRawUpstream, streamHead, wholeAnswer } from './raw-upstream.ts'

const chat = { model: 'small', stream: true, messages: [] }
const delta = event({ choices: [{ delta: { content: 'a' } }] })

async function askFor(behave: (socket: Socket) => void, options: Partial<AskOptions> = {}) {
  const upstream = await startRawUpstream(behave)
  return { upstream, ...prepareAsk({ baseUrl: upstream.baseUrl, hold: hold(9000), ...options }) }
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

describe('before the first byte of an answer', () => {
  it('a provider that is not there costs nothing', async () => {
    const { call, answer, stage } = prepareAsk({
      baseUrl: `http://127.0.0.1:${await unusedPort()}/v1`,
      hold: hold(9000),
    })
    expect(await refusalOf(answer)).toMatchObject({ code: 'provider_error', status: 502 })
    expect(call.usage).toBeUndefined()
    expect(stage.activity?.()).toMatchObject([{ errors: 1, inFlight: 0, lastError: 'ECONNREFUSED' }])
  })

  it('a provider whose name leads into a private network without leave hears nothing', async () => {
    const { upstream, call, answer, stage } = await askFor(() => undefined, {
      provider: { allowPrivateNetwork: false },
    })
    expect(await refusalOf(answer)).toMatchObject({ code: 'provider_error', status: 502 })
    expect(upstream.requests).toEqual([])
    expect(call.usage).toBeUndefined()
    expect(stage.activity?.()).toMatchObject([{ lastError: 'HTTP_ADDRESS_REFUSED' }])
  })

  const broken: [string, (socket: Socket) => void][] = [
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes the connection', (socket) => socket.end()],
    ['speaks another protocol', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n')],
    ['answers with a broken head', (socket) => socket.write('HTTP/1.1 200 OK\r\nbad header\r\n\r\n')],
    ['cuts its whole answer', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"a"')],
    [
      'ends a stream before the first event',
      (socket) => socket.write(Buffer.concat([Buffer.from(streamHead), httpChunk('')])),
    ],
    [
      'cuts a stream within its first event',
      (socket) => socket.end(Buffer.concat([Buffer.from(streamHead), httpChunk('data: {"ch')])),
    ],
  ]
  it.each(broken)('a provider that %s is a 502', async (_, behave) => {
    const { call, reply, answer, stage } = await askFor(behave)
    const refusal = await refusalOf(answer)
    expect(refusal).toMatchObject({ code: 'provider_error', status: 502 })
    expect(refusal.message).not.toMatch(/127\.0\.0\.1/)
    expect(reply.started).toBe(false)
    // The question was out: what became of it, and what it cost, is not known to be nothing.
    expect(call.usage?.costNanoUsd).toBeGreaterThan(0)
    expect(stage.activity?.()).toMatchObject([{ errors: 1, inFlight: 0 }])
  })

  it('a provider that says nothing is a 504, and all that was set aside is spent', async () => {
    const { call, answer, upstream } = await askFor(() => undefined, { provider: { idleTimeoutMs: 50 } })
    expect(await refusalOf(answer)).toMatchObject({ code: 'provider_timeout', status: 504 })
    expect(call.usage).toMatchObject({ costNanoUsd: 9000, estimated: true })
    await upstream.disconnected
  })

  it('a provider that trickles forever is a 504 in the end', async () => {
    const { answer, upstream } = await askFor(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        const timer = setInterval(() => socket.write(httpChunk(' ')), 10)
        socket.on('close', () => clearInterval(timer))
      },
      { limits: { maxDurationMs: 100 } },
    )
    expect(await refusalOf(answer)).toMatchObject({ code: 'provider_timeout', status: 504 })
    await upstream.disconnected
  })
})

describe('within a stream', () => {
  const begins = (socket: Socket) => socket.write(Buffer.concat([Buffer.from(streamHead), httpChunk(delta)]))
  const broken: [string, string, (socket: Socket) => void][] = [
    ['closes the connection', 'provider_error', (socket) => socket.end()],
    ['resets the connection', 'provider_error', (socket) => socket.resetAndDestroy()],
    ['stops within an event', 'provider_error', (socket) => socket.end(httpChunk('data: {"choices":[{"del'))],
    ['breaks the framing', 'provider_error', (socket) => socket.write('no chunk size\r\n')],
    ['falls silent', 'provider_timeout', () => undefined],
    [
      'sends an event beyond any size',
      'provider_error',
      (socket) => socket.write(httpChunk(`data: ${'x'.repeat(200_000)}`)),
    ],
  ]
  it.each(broken)('a provider that %s: %s, whole events only, no [DONE]', async (_, code, breakOff) => {
    const { call, reply, answer } = await askFor(
      (socket) => {
        begins(socket)
        setImmediate(breakOff, socket)
      },
      { body: chat, provider: { idleTimeoutMs: 1_000 } },
    )
    const refusal = await refusalOf(answer)
    expect(refusal.code).toBe(code)
    expect(reply.text).toBe(delta)
    expect(reply.ended).toBe(false)
    expect(call.usage).toMatchObject({ estimated: true, outputTokens: 1 })
  })

  it('without framing, an end without the last event is a cut', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
    const cut = await askFor((socket) => socket.end(head + delta), { body: chat })
    expect((await refusalOf(cut.answer)).code).toBe('provider_error')
    const complete = await askFor((socket) => socket.end(`${head}${delta}data: [DONE]\n\n`), { body: chat })
    await complete.answer()
    expect(complete.reply.ended).toBe(true)
  })

  it('usage that came before the cut counts', async () => {
    const usage = event({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } })
    const { call, answer } = await askFor(
      (socket) => socket.end(Buffer.concat([Buffer.from(streamHead), httpChunk(delta + usage)])),
      { body: chat },
    )
    await refusalOf(answer)
    expect(call.usage).toMatchObject({ inputTokens: 10, outputTokens: 5, estimated: false })
  })
})

describe('the next call', () => {
  it('is served after a fault', async () => {
    let asked = 0
    const upstream = await startRawUpstream((socket) => {
      asked += 1
      if (asked === 1) socket.resetAndDestroy()
      else socket.write(wholeAnswer(200, '{}'))
    })
    const { call, stage, answer } = prepareAsk({ baseUrl: upstream.baseUrl })
    await refusalOf(answer)
    await stage.respond?.(call)
    expect(call.reply.text).toBe('{}')
  })

  it('is refused, not queued, when the provider has as many as it may', async () => {
    const asked = Promise.withResolvers<void>()
    const { call, stage, answer, reply } = await askFor(() => asked.resolve(), {
      limits: { maxConcurrentCalls: 1, drainMs: 0 },
    })
    const first = answer()
    await asked.promise
    expect(await refusalOf(() => stage.respond?.(call))).toMatchObject({ code: 'overloaded', status: 503 })
    reply.leave()
    await first
    expect(stage.activity?.()).toMatchObject([{ requests: 1, inFlight: 0 }])
  })
})

it('interim answers are not the answer', async () => {
  const { reply, answer } = await askFor((socket) =>
    socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${wholeAnswer(200, '{"ok":true}')}`),
  )
  await answer()
  expect(reply).toMatchObject({ status: 200, text: '{"ok":true}' })
})
