import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costNanoUsd } from '../../../contract/money.ts'
import { costBound, inputTokensOf, measureCall } from '../../../plugins/budget/cost-bound.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, model, provider, testPrices } from '../fake-configuration.ts'

const settings = { defaultOutputTokens: 4_096, imageInputTokens: 50_000 }
const target = { grant: grant(provider('acme')), model: model('small') }
const prices = { ...testPrices, toolCallNanoUsd: 10_000_000 }

const measure = (body: object, operation: 'responses' | 'chat.completions' = 'responses') =>
  measureCall(new FakeCall({ operation, body: { model: 'small', input: 'x', ...body } }))

describe('tools that the provider runs are unbounded', () => {
  const unbounded: [string, object, string, string][] = [
    ['without a cap', { tools: [{ type: 'web_search' }] }, 'tools[0]', 'set max_tool_calls'],
    [
      'with a cap that is none',
      { tools: [{ type: 'web_search' }], max_tool_calls: '3' },
      'tools[0]',
      'set max_tool_calls',
    ],
    [
      'with a cap beyond reason',
      { tools: [{ type: 'web_search' }], max_tool_calls: 51 },
      'tools[0]',
      'to 50 at most',
    ],
    [
      'when nobody says how much they read',
      {
        tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }, { type: 'mcp' }],
        max_tool_calls: 1,
      },
      'tools[2]',
      '(mcp) that reads as much as it likes',
    ],
    [
      'when they run code',
      { tools: [{ type: 'code_interpreter' }], max_tool_calls: 1 },
      'tools[0]',
      '(code_interpreter)',
    ],
    ['when they have no name', { tools: [null], max_tool_calls: 1 }, 'tools[0]', 'is a tool that reads'],
  ]
  it.each(unbounded)('%s', (_, body, field, why) => {
    expect(measure(body).unbounded?.field).toBe(field)
    expect(measure(body).unbounded?.why).toContain(why)
  })

  it('in chat, which has no cap', () => {
    const tools = { tools: [{ type: 'web_search' }], max_tool_calls: 1 }
    expect(measure(tools, 'chat.completions').unbounded?.field).toBe('tools[0]')
    expect(measure({ web_search_options: {} }, 'chat.completions').unbounded?.field).toBe(
      'web_search_options',
    )
  })
})

describe('with a cap they are bounded', () => {
  it('by what searches of the web and of files are documented to find', () => {
    const input = (tool: object) =>
      inputTokensOf(measure({ tools: [tool], max_tool_calls: 1, max_output_tokens: 1 }), target, settings)
    const sent = (tool: object) =>
      measure({ tools: [tool], max_tool_calls: 1, max_output_tokens: 1 }).wordTokens
    const tables: [object, number][] = [
      // https://developers.openai.com/api/docs/guides/tools-web-search: "a context window size of 128,000"
      [{ type: 'web_search' }, 128_000],
      [{ type: 'web_search_preview_2025_03_11' }, 128_000],
      // https://developers.openai.com/api/docs/guides/retrieval: "max_chunk_size_tokens must be between 100 and 4096"; 50 results
      [{ type: 'file_search', vector_store_ids: ['vs_1'] }, 50 * 4_096],
      [{ type: 'file_search', max_num_results: 3 }, 3 * 4_096],
      [{ type: 'file_search', max_num_results: 99 }, 50 * 4_096],
    ]
    for (const [tool, perUse] of tables) expect(input(tool)).toBe(2 * (sent(tool) + 1 + perUse))
  })

  it('whatever they find and however the model takes turns with them, at what the model is priced [B1]', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true })
    const turns = fc.array(fc.record({ found: part, written: part }), { maxLength: 50 })
    fc.assert(
      fc.property(turns, fc.nat({ max: 4_000 }), (uses, max_output_tokens) => {
        const size = measure({
          ...{ tools: [{ type: 'web_search' }], max_tool_calls: uses.length, max_output_tokens },
        })
        let context = size.wordTokens
        let inputTokens = context
        let outputTokens = 0
        for (const { found, written } of uses) {
          const output = Math.floor((max_output_tokens - outputTokens) * written)
          outputTokens += output
          context += output + Math.floor(128_000 * found)
          inputTokens += context
        }
        const billed = costNanoUsd(prices, {
          ...{ inputTokens, cachedInputTokens: 0, outputTokens, images: 0, toolCalls: uses.length },
        })
        expect(billed).toBeLessThanOrEqual(costBound(size, target, prices, settings).nanoUsd)
      }),
      { seed: 9, numRuns: 300 },
    )
  })
})
