import fc from 'fast-check'
import type { Denied } from 'gatehouse/plugin-sdk'
import { decode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { countTokens, splitTokens } from '../../../cli/simulator/tokens.ts'
import { ProviderFailure } from '../../../plugins/provider/failures.ts'
import { key } from '../fake-configuration.ts'
import { hold } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'
import { prepareAsk } from './ask.ts'
import { event, httpChunk, startRawUpstream, streamHead } from './raw-upstream.ts'
import {
  balancedBudget,
  nanoUsdPerToken,
  type ReservedStreamOptions,
  reservedStream,
  strictBudget,
} from './reserved-stream.ts'
import { cutText, dialects } from './stream-dialects.ts'
import { delta, done } from './streamed-ask.ts'

const prose = 'A refused call never reaches the provider, and it costs nothing but electricity. '
const reserved = 100

const running = (tokens: number, content = 'a') =>
  event({
    choices: [{ delta: { content } }],
    usage: { prompt_tokens: 10, completion_tokens: tokens },
  })
const final = (tokens: number) =>
  event({ choices: [], usage: { prompt_tokens: 10, completion_tokens: tokens } })

/** What a stream is refused with, and how many of its pieces had come by then. */
function cutOffOf(pieces: Iterable<string>, options: Partial<ReservedStreamOptions> = {}) {
  const stream = reservedStream({ tokens: reserved, ...options })
  let came = 0
  try {
    for (const piece of pieces) {
      came++
      stream.send(piece)
    }
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error
    return { denied: error.denied, came, usage: stream.answer.abandonedUsage(), call: stream.call }
  }
  return undefined
}

const inTokens = (text: string) => splitTokens(text)
const inCharacters = (text: string) => [...text]
const inWords = (text: string) => text.split(/(?<= )/)
const inPieces = (text: string) => text.match(/.{1,400}/gs) ?? []
const inResponses = (text: string) =>
  inTokens(text).map((piece) => event({ type: 'response.output_text.delta', output_index: 0, delta: piece }))
const asToolCall = (text: string) =>
  inTokens(text).map((piece) =>
    event({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] }),
  )
const asThought = (text: string) =>
  inTokens(text).map((piece) => event({ choices: [{ index: 0, delta: { reasoning_content: piece } }] }))

describe('a provider that goes on beyond what a strict budget has set aside is cut off', () => {
  it.each([
    ['by token', 4, inTokens(prose.repeat(500)).map(delta)],
    ['by word', 4, inWords(prose.repeat(500)).map(delta)],
    ['by character', 4, inCharacters(prose.repeat(500)).map(delta)],
    ['by many words', 4, inPieces(prose.repeat(500)).map(delta)],
    ['of a response', 4, inResponses(prose.repeat(500))],
    ['of arguments for a tool', 4, asToolCall(prose.repeat(500))],
    ['of thoughts', 4, asThought(prose.repeat(500))],
    ['of Chinese', 20, inTokens('被拒绝的请求永远不会到达提供商。'.repeat(500)).map(delta)],
    ['of no words', 100, inPieces(Buffer.from(prose.repeat(3_000)).toString('base64')).map(delta)],
  ])('before it has written so many times as much: %s, %i', (_, times, events) => {
    const cutOff = cutOffOf(events)
    expect(cutOff?.denied).toMatchObject({ code: 'reservation_exceeded', status: 402 })
    const seen = events
      .slice(0, cutOff?.came)
      .join('')
      .matchAll(/"(?:content|delta|arguments|reasoning_content)":"([^"]*)"/g)
    const written = countTokens(Array.from(seen, ([, piece]) => piece).join(''))
    expect(written).toBeGreaterThan(reserved)
    expect(written).toBeLessThan(times * reserved)
  })

  it('as soon as it says itself that it has written more', () => {
    const events = Array.from({ length: 1_000 }, (_, index) => running(index + 1))
    expect(cutOffOf(events)).toMatchObject({ came: reserved + 1 })
  })

  it('and the refusal names the budget, the limit and the way out', () => {
    const { denied } = cutOffOf([running(101)]) ?? {}
    expect(denied?.details).toEqual({ scope: 'team', param: 'max_tokens', unit: 'tokens', limit: reserved })
    expect(denied?.message).toMatch(/"acme".*100 tokens.*team budget.*Set a higher max_tokens/)
  })

  it('and charged what was counted, no less than was set aside, as an estimate', () => {
    const atOnce = cutOffOf([running(101)])
    expect(atOnce?.usage).toMatchObject({ estimated: true, outputTokens: 101 })
    expect(atOnce?.usage.costNanoUsd).toBeGreaterThanOrEqual(101 * nanoUsdPerToken + 10 * 1_000)
    const late = cutOffOf(inTokens(prose.repeat(500)).map(delta))
    expect(late?.usage.estimated).toBe(true)
    expect(late?.usage.outputTokens).toBeGreaterThanOrEqual(late?.came ?? Number.POSITIVE_INFINITY)
    expect(late?.usage.costNanoUsd).toBeGreaterThanOrEqual((late?.came ?? 0) * nanoUsdPerToken)
  })

  it('whichever of the budgets is strict', () => {
    const budgets = { budgets: [balancedBudget], ownBudgets: [{ ...strictBudget, scope: 'provider_config' }] }
    expect(cutOffOf([running(101)], budgets)?.denied.details).toMatchObject({ scope: 'provider_config' })
  })

  it('though it pretended to have come to its end', () => {
    const events = [delta('a') + final(1), ...inTokens(prose.repeat(500)).map(delta)]
    expect(cutOffOf(events)?.denied.code).toBe('reservation_exceeded')
  })

  it('asks the provider no more, and shows nothing of what was too much', async () => {
    const shown = Promise.withResolvers<void>()
    const upstream = await startRawUpstream((socket) => {
      socket.write(streamHead)
      socket.write(httpChunk(running(1, 'first')))
      void shown.promise.then(() => socket.write(httpChunk(running(101, 'too much'))))
    })
    const { call, reply, answer, stage, record } = prepareAsk({
      ...{ baseUrl: upstream.baseUrl, hold: hold(reserved * nanoUsdPerToken) },
      body: { model: 'small', stream: true, messages: [], max_tokens: reserved },
      key: key({ budgets: [strictBudget] }),
    })
    void reply.nextPiece().then(shown.resolve)
    const denied: Denied = await refusalOf(answer)
    await upstream.disconnected
    expect(denied.code).toBe('reservation_exceeded')
    expect(reply.text).toContain('first')
    expect(reply.text).not.toContain('too much')
    expect(call.usage).toMatchObject({ estimated: true, outputTokens: 101 })
    expect(stage.activity?.()).toMatchObject([{ inFlight: 0, lastError: 'went on beyond its output limit' }])
    expect(record.warnings).toHaveLength(1)
  })
})

describe('is not cut off', () => {
  const endless = inTokens(prose.repeat(500)).map(delta)

  it.each<[string, Partial<ReservedStreamOptions>]>([
    ['where all budgets are balanced, for what they set aside is a guess', { budgets: [balancedBudget] }],
    ['where no budget governs it', { budgets: [] }],
  ])('a stream %s', (_, options) => {
    expect(cutOffOf(endless, options)).toBeUndefined()
  })

  it('a provider that was asked to repeat the prompt, which it has not written', () => {
    const prompt = 'I a m '.repeat(200)
    const body = { model: 'small', stream: true, prompt, max_tokens: reserved }
    const repeating = { body: { ...body, echo: true } }
    const answer = endless.slice(0, reserved)
    const repeated = inWords(prompt).map(delta)
    expect(cutOffOf([...repeated, ...answer], repeating)).toBeUndefined()
    expect(cutOffOf([...repeated, ...answer], { body: { ...body, echo: false } })).toBeDefined()
    expect(cutOffOf([...repeated, ...endless], repeating)).toBeDefined()
  })

  it('an answer that is whole when it turns out to have cost more: it is charged as the provider says', () => {
    const stream = reservedStream({ tokens: reserved })
    stream.send(endless.slice(0, 10).join('') + final(5_000) + done)
    stream.answer.end()
    expect(stream.call.usage).toMatchObject({ outputTokens: 5_000, estimated: false })
  })

  it('a provider that keeps to the output limit and counts more input than its bytes said', () => {
    const stated = event({
      choices: [{ delta: { content: 'a' } }],
      usage: { prompt_tokens: 1_000_000, completion_tokens: reserved },
    })
    expect(cutOffOf([stated])).toBeUndefined()
  })
})

describe('a provider that keeps to its output limit is never cut off', () => {
  const aToken = fc.oneof(
    fc.integer({ min: 0, max: 199_997 }).map((token) => decode([token])),
    // Those that hold the most words, letters and characters.
    fc.constantFrom(
      '.\n//\n//',
      ' สำนักเลขานุการองค์กร',
      '='.repeat(112),
      ' '.repeat(128),
      'ありがとうございました',
    ),
  )
  const written = fc.array(aToken, { minLength: 1, maxLength: reserved })

  it.each(Object.entries(dialects))('whatever it writes, and however it cuts it: %s', (_, stream) => {
    fc.assert(
      fc.property(
        written,
        fc.array(fc.nat(2_000), { maxLength: 40 }),
        fc.nat(4_000),
        (tokens, cuts, size) => {
          const text = tokens.join('')
          const bytes = Buffer.from(stream(cutText(text, cuts), tokens.length))
          // As the wire cuts it, whatever the events.
          const pieces = Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_each, index) =>
            bytes.subarray(index * (size + 1), (index + 1) * (size + 1)),
          )
          const { send, answer, call } = reservedStream({ tokens: tokens.length })
          for (const piece of pieces) send(piece)
          answer.end()
          expect(call.usage?.costNanoUsd).toBeLessThanOrEqual(call.hold?.nanoUsd ?? 0)
        },
      ),
    )
  })
})
