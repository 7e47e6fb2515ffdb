import type { Operation } from 'gatehouse/plugin-sdk'
import { describe, expect, it } from 'vitest'
import { inspectBody } from '../../../plugins/budget/inspect-body.ts'
import { refusalOf } from '../refusal.ts'

const inspect = (operation: Operation, body: unknown) =>
  inspectBody(operation, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
const saying = (...content: object[]) => ({ model: 'm', messages: [{ role: 'user', content }] })

describe('what a body does not show, or no price covers, is named', () => {
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
      'an answer in sound',
      'chat.completions',
      { model: 'm', messages: [], modalities: ['text', 'audio'] },
      'modalities',
    ],
    [
      'a search',
      'chat.completions',
      { model: 'm', messages: [], web_search_options: {} },
      'web_search_options',
    ],
    [
      'a dearer tier',
      'chat.completions',
      { model: 'm', messages: [], service_tier: 'priority' },
      'service_tier',
    ],
    [
      'an earlier response',
      'responses',
      { model: 'm', input: 'x', previous_response_id: 'resp_1' },
      'previous_response_id',
    ],
    ['a conversation', 'responses', { model: 'm', input: 'x', conversation: 'conv_1' }, 'conversation'],
    ['a stored prompt', 'responses', { model: 'm', prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['a background answer', 'responses', { model: 'm', input: 'x', background: true }, 'background'],
    ['a hosted tool', 'responses', { model: 'm', input: 'x', tools: [{ type: 'web_search' }] }, 'tools'],
    ['a remote tool server', 'responses', { model: 'm', input: 'x', tools: [{ type: 'mcp' }] }, 'tools'],
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
  it.each(cases)('%s', async (_, operation, body, field) => {
    const refusal = await refusalOf(() => {
      const { unbounded } = inspect(operation, body)
      if (unbounded) throw unbounded
    })
    expect(refusal).toMatchObject({ code: 'price_unknown', status: 403, details: { param: field } })
    expect(refusal.message).toContain(field)
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
    expect(inspect(operation, body)).toEqual({ inlineImages: 0, prompts: 1, unbounded: null })
  })
})

it('refuses a body that only looks like JSON', async () => {
  const refusal = await refusalOf(() => inspect('responses', '{"tools":[}]}'))
  expect(refusal.code).toBe('invalid_request_error')
})
