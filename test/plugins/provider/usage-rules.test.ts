import { describe, expect, it } from 'vitest'
import { hold } from '../fake-host.ts'
import { prepareAsk } from './ask.ts'
import { event, httpChunk, startRawUpstream, streamHead } from './raw-upstream.ts'

const chat = { model: 'small', stream: true, messages: [] }
const text = event({ choices: [{ delta: { content: 'Hello' } }] })
const silent = event({ choices: [{ delta: { role: 'assistant', content: '' } }] })
const usage = (output: number) => ({ prompt_tokens: 10, completion_tokens: output })
const final = (output: number) => event({ choices: [], usage: usage(output) })
const running = (output: number) => event({ choices: [{ delta: { content: 'more' } }], usage: usage(output) })
const done = event('[DONE]')

async function askFor(events: readonly string[], end: 'whole' | 'broken off') {
  const upstream = await startRawUpstream((socket) => {
    socket.write(streamHead)
    for (const each of events) socket.write(httpChunk(each))
    if (end === 'whole') socket.write(httpChunk(''))
    else setImmediate(() => socket.end())
  })
  const { call, answer } = prepareAsk({ baseUrl: upstream.baseUrl, body: chat, hold: hold(1e9) })
  await answer().catch(() => undefined)
  return call.usage
}

describe('what a whole stream says of its usage', () => {
  it.each([
    ['once', [text, final(5), done], { outputTokens: 5, estimated: false }],
    ['twice, the larger last', [text, final(5), final(7), done], { outputTokens: 7, estimated: false }],
    ['twice, the larger first', [text, final(7), final(5), done], { outputTokens: 7, estimated: false }],
    ['as it grows', [running(1), running(2), final(3), done], { outputTokens: 3, estimated: false }],
    ['late, behind the end', [text, done, final(5)], { outputTokens: 5, estimated: false }],
    ['none, and nothing was written', [silent, final(0), done], { outputTokens: 0, estimated: false }],
    ['none, although text came', [text, final(0), done], { estimated: true }],
    ['nothing', [text, text, done], { estimated: true }],
  ])('%s', async (_, events, expected) => {
    const counted = await askFor(events, 'whole')
    expect(counted).toMatchObject(expected)
    if (expected.estimated) expect(counted?.outputTokens).toBeGreaterThan(0)
  })
})

describe('of a stream that is broken off', () => {
  it('the final report counts', async () => {
    expect(await askFor([text, final(5)], 'broken off')).toMatchObject({ outputTokens: 5, estimated: false })
  })

  it.each([
    ['a report on the way does not: more may be billed', [running(1), running(2)]],
    ['no report: all that was set aside is spent', [text]],
    ['a final report that denies the text that came does not', [text, final(0)]],
  ])('%s', async (_, events) => {
    expect(await askFor(events, 'broken off')).toMatchObject({ estimated: true, costNanoUsd: 1e9 })
  })
})
