import { describe, expect, it } from 'vitest'
import { hold } from '../fake-host.ts'
import { prepareAsk } from './ask.ts'
import { httpChunk, startRawUpstream, streamHead } from './raw-upstream.ts'
import { askFor, chat, delta, done, usageEvent } from './streamed-ask.ts'

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
