import type { Operation } from 'gatehouse/plugin-sdk'
import { describe, expect, it } from 'vitest'
import { inspectBody } from '../../../plugins/budget/inspect-body.ts'
import { refusalOf } from '../refusal.ts'
import { png, wav } from './files.ts'

const inspect = (operation: Operation, body: unknown) =>
  inspectBody(operation, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
const saying = (...content: object[]) => ({ model: 'm', messages: [{ role: 'user', content }] })

describe('what a body does not show is named', () => {
  const cases: [string, Operation, unknown, string][] = [
    [
      'a picture elsewhere',
      'chat.completions',
      saying({ type: 'image_url', image_url: { url: 'https://x/y.png' } }),
      'messages[0].content[0].image_url',
    ],
    [
      'a file',
      'chat.completions',
      saying({ type: 'file', file: { file_id: 'file-1' } }),
      'messages[0].content[0].file.file_id',
    ],
    [
      'a document',
      'chat.completions',
      saying({ type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERg' } }),
      'messages[0].content[0].file.file_data',
    ],
    [
      'sound',
      'chat.completions',
      saying({ type: 'input_audio', input_audio: { data: 'UklGRg==' } }),
      'messages[0].content[0].input_audio',
    ],
    [
      'an answer in sound of long ago',
      'chat.completions',
      { model: 'm', messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
      'messages[0].audio',
    ],
    [
      'a document where a picture is expected',
      'chat.completions',
      saying({ type: 'image_url', image_url: { url: 'data:application/pdf;base64,JVBERg' } }),
      'messages[0].content[0].image_url',
    ],
    [
      'a film',
      'chat.completions',
      saying({ type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } }),
      'messages[0].content[0].video_url',
    ],
    [
      'a search',
      'chat.completions',
      { model: 'm', messages: [], web_search_options: {} },
      'web_search_options',
    ],
    [
      'an earlier response',
      'responses',
      { model: 'm', input: 'x', previous_response_id: 'resp_1' },
      'previous_response_id',
    ],
    ['a conversation', 'responses', { model: 'm', input: 'x', conversation: 'conv_1' }, 'conversation'],
    ['a stored prompt', 'responses', { model: 'm', prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['a hosted tool', 'responses', { model: 'm', input: 'x', tools: [{ type: 'web_search' }] }, 'tools[0]'],
    ['a remote tool server', 'responses', { model: 'm', input: 'x', tools: [{ type: 'mcp' }] }, 'tools[0]'],
    [
      'a stored item',
      'responses',
      { model: 'm', input: [{ type: 'item_reference', id: 'msg_1' }] },
      'input[0].id',
    ],
    [
      'a remote file',
      'responses',
      { model: 'm', input: [{ content: [{ type: 'input_file', file_url: 'https://x' }] }] },
      'input[0].content[0].file_url',
    ],
    [
      "a picture in a tool's output",
      'responses',
      { model: 'm', input: [{ output: { image_url: 'https://x' } }] },
      'input[0].output.image_url',
    ],
    [
      'a name spelled with escapes',
      'responses',
      '{"model":"m","previous_\\u0072esponse_id":"resp_1"}',
      'previous_response_id',
    ],
  ]
  it.each(cases)('%s', (_, operation, body, field) => {
    expect(inspect(operation, body).unbounded?.field).toBe(field)
  })
})

describe('what no price covers is refused by name, whatever the budget', () => {
  const cases: [string, object][] = [
    ['service_tier', { service_tier: 'priority' }],
    ['background', { background: true }],
    ['modalities', { modalities: ['text', 'image'] }],
  ]
  it.each(cases)('%s', async (field, members) => {
    const refusal = await refusalOf(() => inspect('responses', { model: 'm', input: 'x', ...members }))
    expect(refusal).toMatchObject({ code: 'price_unknown', status: 403, details: { param: field } })
    expect(refusal.message).toContain(field)
  })
})

const picture = `data:image/png;base64,${png(640, 480).toString('base64')}`
const sound = wav({ perSecond: 8_000, channels: 1, bits: 8, seconds: 1 }).toString('base64')
const base64Bytes = picture.indexOf(',') + 1

describe('pictures and sound that users send are no text', () => {
  it('pictures in chat', () => {
    const part = { type: 'image_url', image_url: { url: picture, detail: 'low' } }
    const { pictures, mediaBytes } = inspect('chat.completions', saying(part, part))
    const read = { size: { width: 640, height: 480 }, isLowDetail: true }
    expect(pictures).toEqual([read, read])
    expect(mediaBytes).toBe(2 * (picture.length - base64Bytes))
  })

  it('pictures in a response', () => {
    const content = [{ type: 'input_image', image_url: picture, detail: 'high' }]
    const { pictures, mediaBytes } = inspect('responses', { model: 'm', input: [{ role: 'user', content }] })
    expect(pictures).toEqual([{ size: { width: 640, height: 480 }, isLowDetail: false }])
    expect(mediaBytes).toBe(picture.length - base64Bytes)
  })

  it('sound', () => {
    const part = { type: 'input_audio', input_audio: { data: sound, format: 'wav' } }
    const { audioTokens, mediaBytes, audioInput, unbounded } = inspect('chat.completions', saying(part))
    expect(audioTokens).toBeGreaterThanOrEqual(32)
    expect([mediaBytes, audioInput, unbounded]).toEqual([
      sound.length,
      'messages[0].content[0].input_audio',
      null,
    ])
  })
})

describe('a picture counts with its bytes too where a model may be shown it as text', () => {
  const part = { type: 'image_url', image_url: { url: picture } }
  it.each([
    ['in what a tool said', { messages: [{ role: 'tool', content: [part] }] }],
    ['beside a message', { messages: [{ role: 'user', content: 'x', name: [part] }] }],
    ['in a part of another kind', saying({ ...part, type: 'text' })],
    [
      'that is no base64',
      saying({ type: 'image_url', image_url: { url: 'data:image/png;base64,a a a a a' } }),
    ],
    ['that is text itself', saying({ type: 'image_url', image_url: { url: 'data:image/svg+xml,<svg/>' } })],
  ])('%s', (_, body) => {
    const { pictures, mediaBytes } = inspect('chat.completions', { model: 'm', ...body })
    expect([pictures.length, mediaBytes]).toEqual([1, 0])
  })
})

describe('what a body shows passes', () => {
  const cases: [string, Operation, unknown][] = [
    ['plain text', 'chat.completions', saying({ type: 'text', text: 'the "file_id" of https://x' })],
    [
      'a function',
      'chat.completions',
      {
        model: 'm',
        messages: [],
        tools: [
          {
            type: 'function',
            function: { name: 'f', parameters: { properties: { file_id: { type: 'string' } } } },
          },
        ],
      },
    ],
    [
      'switched off',
      'responses',
      { model: 'm', input: 'x', background: false, previous_response_id: null, modalities: ['text'] },
    ],
    ['escaped text', 'responses', '{"model":"m","input":"\\u00e9"}'],
    ['an embedding of such words', 'embeddings', { model: 'm', input: '"image_url"' }],
  ]
  it.each(cases)('%s', (_, operation, body) => {
    expect(inspect(operation, body)).toMatchObject({
      pictures: [],
      mediaBytes: 0,
      hostedTools: null,
      unbounded: null,
    })
  })
})

it('refuses a body that only looks like JSON', async () => {
  const refusal = await refusalOf(() => inspect('responses', '{"tools":[}]}'))
  expect(refusal.code).toBe('invalid_request_error')
})
