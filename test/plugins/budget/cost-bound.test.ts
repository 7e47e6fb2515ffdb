import fc from 'fast-check'
import type { Operation } from 'gatehouse/plugin-sdk'
import { describe, expect, it } from 'vitest'
import { costNanoUsd, type Prices } from '../../../contract/money.ts'
import { costBound, inputTokensOf, measureCall } from '../../../plugins/budget/cost-bound.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, model, provider, testPrices } from '../fake-configuration.ts'
import { png } from './files.ts'

const settings = { defaultOutputTokens: 4096, imageInputTokens: 50_000 }
const messages = [{ role: 'user', content: 'Hello' }]

function bound(
  body: object,
  operation: Operation = 'chat.completions',
  members: Parameters<typeof model>[1] = {},
) {
  const call = new FakeCall({ operation, body })
  const asked = model('small', members)
  const prices = asked.pricesAt(call.receivedAt)
  if (!prices) return expect.unreachable('the test needs prices')
  const target = { grant: grant(provider('acme')), model: asked }
  const size = measureCall(call)
  const { nanoUsd, injectedOutputTokens } = costBound(size, target, prices, settings)
  const inputTokens = inputTokensOf(size, target, settings)
  const inputCost = inputTokens * 1000
  return {
    inputTokens,
    outputTokens: (nanoUsd - inputCost) / 2000,
    injectedOutputTokens,
    nanoUsd,
  }
}

describe('the output is bounded by', () => {
  it.each([
    ['max_tokens', 'chat.completions'],
    ['max_completion_tokens', 'chat.completions'],
    ['max_output_tokens', 'responses'],
    ['max_tokens', 'completions'],
  ] as const)('the caller: %s of %s', (name, operation) => {
    expect(bound({ model: 'small', messages, prompt: undefined, [name]: 7 }, operation)).toMatchObject({
      outputTokens: 7,
      injectedOutputTokens: null,
    })
  })

  it('the model, which the provider is then told', () => {
    expect(bound({ model: 'small', messages }, 'chat.completions', { maxOutputTokens: 99 })).toMatchObject({
      outputTokens: 99,
      injectedOutputTokens: 99,
    })
  })

  it('the default', () => {
    const { outputTokens, injectedOutputTokens } = bound({ model: 'small', messages, max_tokens: null })
    expect([outputTokens, injectedOutputTokens]).toEqual([4096, 4096])
  })

  it('its number: n answers, best_of candidates, each prompt of a legacy call', () => {
    expect(bound({ model: 'small', messages, max_tokens: 10, n: 3 }).outputTokens).toBe(30)
    const legacy = { model: 'small', max_tokens: 10, n: 1, best_of: 4 }
    expect(bound({ ...legacy, prompt: ['a', 'b'] }, 'completions').outputTokens).toBe(80)
    expect(bound({ ...legacy, prompt: [[1, 2], [3]] }, 'completions').outputTokens).toBe(80)
    expect(bound({ ...legacy, prompt: [1, 2, 3] }, 'completions').outputTokens).toBe(40)
  })

  it('nothing at all for embeddings', () => {
    expect(bound({ model: 'small', input: 'text' }, 'embeddings')).toMatchObject({
      outputTokens: 0,
      injectedOutputTokens: null,
    })
  })
})

describe('the input is bounded by', () => {
  it('its bytes, for no token is shorter', () => {
    const body = { model: 'small', messages: [{ role: 'user', content: 'naïve 漢字 🦊' }] }
    expect(bound(body).inputTokens).toBe(Buffer.byteLength(JSON.stringify(body)))
  })

  it('its bytes but for those of pictures, and what each picture is billed as', () => {
    const base64 = png(1_024, 1_024).toString('base64')
    const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } }
    const body = { model: 'small', messages: [{ role: 'user', content: [part, part] }] }
    // Four tiles of the dearest model that is documented.
    const tokens = 2 * (2_833 + 4 * 5_667)
    expect(bound(body).inputTokens).toBe(JSON.stringify(body).length - 2 * base64.length + tokens)
  })

  it('the dearer of both prices where a cached token costs more than a fresh one', () => {
    const prices = { ...testPrices, cachedInputNanoUsdPerMillionTokens: 9_000_000_000 }
    const body = { model: 'small', messages, max_tokens: 0 }
    expect(bound(body, 'chat.completions', { prices }).nanoUsd).toBe(JSON.stringify(body).length * 9000)
  })
})

const price = fc.nat({ max: 100_000_000_000 })
const prices: fc.Arbitrary<Prices> = fc.record(
  {
    inputNanoUsdPerMillionTokens: price,
    cachedInputNanoUsdPerMillionTokens: price,
    outputNanoUsdPerMillionTokens: price,
    imageNanoUsd: price,
    reasoningNanoUsdPerMillionTokens: price,
    audioInputNanoUsdPerMillionTokens: price,
    audioOutputNanoUsdPerMillionTokens: price,
    callNanoUsd: price,
    toolCallNanoUsd: price,
  },
  {
    requiredKeys: [
      'inputNanoUsdPerMillionTokens',
      'cachedInputNanoUsdPerMillionTokens',
      'outputNanoUsdPerMillionTokens',
      'imageNanoUsd',
    ],
  },
)

it('no mix of kinds of tokens costs more than the bound, whichever kind is the dearest [B1]', () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true })
  const parts = fc.record({
    input: part,
    cached: part,
    audioIn: part,
    output: part,
    reasoning: part,
    audioOut: part,
  })
  fc.assert(
    fc.property(prices, fc.nat({ max: 4096 }), parts, (list, max_tokens, of) => {
      const { nanoUsd, inputTokens: most } = bound({ model: 'small', messages, max_tokens }, undefined, {
        prices: list,
      })
      const inputTokens = Math.floor(most * of.input)
      const outputTokens = Math.floor(max_tokens * of.output)
      const reasoningTokens = Math.floor(outputTokens * of.reasoning)
      const cost = costNanoUsd(list, {
        inputTokens,
        cachedInputTokens: Math.floor(inputTokens * of.cached),
        audioInputTokens: Math.floor(inputTokens * of.audioIn),
        outputTokens,
        reasoningTokens,
        audioOutputTokens: Math.floor((outputTokens - reasoningTokens) * of.audioOut),
        images: 0,
      })
      expect(cost).toBeLessThanOrEqual(nanoUsd)
    }),
    { seed: 37, numRuns: 2_000 },
  )
})

describe('pictures are priced each', () => {
  const body = { model: 'painter', prompt: 'a fox', n: 3 }

  it('by their number', () => {
    const prices = { ...testPrices, outputNanoUsdPerMillionTokens: 0, imageNanoUsd: 40_000_000 }
    expect(bound(body, 'images.generations', { prices }).nanoUsd).toBe(
      JSON.stringify(body).length * 1000 + 120_000_000,
    )
  })

  it('or by the call, where nothing else is billed', () => {
    const free = { ...testPrices, inputNanoUsdPerMillionTokens: 0, outputNanoUsdPerMillionTokens: 0 }
    const perCall = { ...free, cachedInputNanoUsdPerMillionTokens: 0, callNanoUsd: 40_000_000 }
    expect(bound(body, 'images.generations', { prices: perCall }).nanoUsd).toBe(40_000_000)
  })
})

it('never overflows, whatever the caller asks for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 1, max: 128 }),
      (tokens, n) => {
        const { nanoUsd } = bound({ model: 'small', messages, max_tokens: tokens, n })
        expect(Number.isSafeInteger(nanoUsd)).toBe(true)
      },
    ),
  )
})
