import { describe, expect, it } from 'vitest'
import type { Prices } from '../../../contract/money.ts'
import { measureCall } from '../../../plugins/budget/cost-bound.ts'
import { unpricedPart } from '../../../plugins/budget/part-prices.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, model, provider, testPrices } from '../fake-configuration.ts'
import { wav } from './files.ts'

function refusal(
  operation: 'chat.completions' | 'responses' | 'images.generations',
  body: object,
  prices: Prices,
) {
  const size = measureCall(new FakeCall({ operation, body: { model: 'small', ...body } }))
  return unpricedPart(size, { grant: grant(provider('acme')), model: model('small') }, prices)
}

const data = wav({ perSecond: 8_000, channels: 1, bits: 8, seconds: 1 }).toString('base64')
const sound = { type: 'input_audio', input_audio: { data, format: 'wav' } }
const search = { type: 'web_search' }

describe('what a model has no price for is refused by the field that asks and the price that is missing', () => {
  const cases: [string, string, keyof Prices, Parameters<typeof refusal>[0], object][] = [
    [
      'sound',
      'messages[0].content[0].input_audio',
      'audioInputNanoUsdPerMillionTokens',
      'chat.completions',
      { messages: [{ role: 'user', content: [sound] }] },
    ],
    [
      'an answer in sound',
      'modalities',
      'audioOutputNanoUsdPerMillionTokens',
      'chat.completions',
      { messages: [], modalities: ['text', 'audio'] },
    ],
    [
      'a voice',
      'audio',
      'audioOutputNanoUsdPerMillionTokens',
      'chat.completions',
      { messages: [], audio: { voice: 'ash', format: 'mp3' } },
    ],
    [
      'a search in chat',
      'web_search_options',
      'toolCallNanoUsd',
      'chat.completions',
      { messages: [], web_search_options: {} },
    ],
    [
      'a tool',
      'tools[1]',
      'toolCallNanoUsd',
      'responses',
      { input: 'x', tools: [{ type: 'function' }, search], max_tool_calls: 1 },
    ],
  ]
  it.each(cases)('%s', (_, field, price, operation, body) => {
    const refused = refusal(operation, body, testPrices)
    expect(refused).toMatchObject({ code: 'price_unknown', details: { param: field } })
    expect(refused?.message).toContain(`set its ${price}`)
    expect(refusal(operation, body, { ...testPrices, [price]: 1 })).toBeNull()
  })

  it('a picture to be drawn, unless nothing else is billed', () => {
    const body = { prompt: 'a fox' }
    expect(refusal('images.generations', body, testPrices)?.details).toEqual({ param: 'model' })
    const free = { ...testPrices, inputNanoUsdPerMillionTokens: 0, outputNanoUsdPerMillionTokens: 0 }
    expect(refusal('images.generations', body, free)?.details).toEqual({ param: 'model' })
    expect(refusal('images.generations', body, { ...free, cachedInputNanoUsdPerMillionTokens: 0 })).toBeNull()
    expect(refusal('images.generations', body, { ...testPrices, imageNanoUsd: 1 })).toBeNull()
  })
})
