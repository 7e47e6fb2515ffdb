import type { CompiledModel } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import budget from '../../../plugins/budget/index.ts'
import { QuantileSketch } from '../../../plugins/budget/quantile-sketch.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, key, model, provider, testPrices } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const settings = { defaultOutputTokens: 4096, imageInputTokens: 50_000 }
const strict = { id: 'bud_strict', scope: 'team', limitNanoUsd: '1000000000' }
const balanced = { ...strict, id: 'bud_balanced', mode: 'balanced' as const }
const outcome = {
  outcome: 'succeeded',
  status: 200,
  errorCode: null,
  refusedBy: null,
  durationMs: 1,
} as const
const earlier = { model: 'small', input: 'x', previous_response_id: 'resp_1', max_output_tokens: 10 }

/** A model that can do everything. */
const priced = {
  ...testPrices,
  audioInputNanoUsdPerMillionTokens: 5_000_000_000,
  audioOutputNanoUsdPerMillionTokens: 7_000_000_000,
  toolCallNanoUsd: 10_000_000,
}

function setUp(...budgets: (typeof strict | typeof balanced)[]) {
  return setUpModels([model('small')], ...budgets)
}

function setUpModels(models: readonly CompiledModel[], ...budgets: (typeof strict | typeof balanced)[]) {
  const reserved: { most: number; likely: number | undefined }[] = []
  const { host } = fakeHost()
  const { reserve } = host.ledger
  const ledger = {
    ...host.ledger,
    reserve(...[nodes, most, likely]: Parameters<typeof reserve>) {
      reserved.push({ most, likely })
      return reserve(nodes, most, likely)
    },
  }
  const stage = budget.setup(settings, { ...host, ledger })
  const targets = models.map((model) => ({ grant: grant(provider('acme')), model }))
  /** @param costNanoUsd what it costs in the end */
  const make = async (costNanoUsd: number, body?: object) => {
    const asked = body && { operation: 'responses' as const, body }
    const call = new FakeCall({ key: key({ budgets }), targets, ...asked })
    await stage.onCall?.(call)
    const tokens = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, images: 0 }
    call.usage = { ...tokens, estimated: false, costNanoUsd }
    await stage.onComplete?.(call, outcome)
    return reserved.at(-1)
  }
  return { make }
}

describe('a balanced budget', () => {
  it('sets aside what nineteen of twenty such calls cost, once twenty have ended', async () => {
    const { make } = setUp(strict, balanced)
    const first = await make(50_000)
    const { most = 0 } = first ?? {}
    expect(first?.likely).toBe(most)
    for (let call = 2; call <= 20; call += 1) await make(call === 7 ? most : 50_000)
    const { likely = 0 } = (await make(50_000)) ?? {}
    expect(likely).toBeGreaterThanOrEqual(50_000)
    expect(likely).toBeLessThanOrEqual(50_000 * 1.1 + 1)
  })

  it('lets a call of unknown size pass, estimated by what others cost', async () => {
    const { make } = setUp(balanced)
    for (let call = 1; call <= 20; call += 1) await make(3_000_000, earlier)
    const { most, likely = 0 } = (await make(1, earlier)) ?? {}
    expect(most).toBe(Number.POSITIVE_INFINITY)
    expect(likely).toBeGreaterThanOrEqual(3_000_000)
  })

  it('refuses it all the same beside a strict one, and what has no price in any case', async () => {
    const beside = await refusalOf(() => setUp(balanced, strict).make(1, earlier))
    expect(beside).toMatchObject({ code: 'price_unknown', details: { param: 'previous_response_id' } })
    const hosted = { model: 'small', input: 'x', tools: [{ type: 'web_search' }] }
    const unpriced = await refusalOf(() => setUp(balanced).make(1, hosted))
    expect(unpriced).toMatchObject({ code: 'price_unknown', details: { param: 'tools[0]' } })
  })
})

const unbounded: [string, object][] = [
  [
    'input[0].content[0].file_data',
    withPart({ type: 'input_file', file_data: 'data:application/pdf;base64,JVBERg' }),
  ],
  ['input[0].content[0].image_url', withPart({ type: 'input_image', image_url: 'https://x/y.png' })],
  [
    'input[0].content[0].input_audio',
    withPart({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'ogg' } }),
  ],
  ['tools[0]', { model: 'small', input: 'x', tools: [{ type: 'web_search' }] }],
  ['tools[0]', { model: 'small', input: 'x', tools: [{ type: 'code_interpreter' }], max_tool_calls: 2 }],
  ['web_search_options', { model: 'small', input: 'x', web_search_options: {} }],
]

function withPart(part: object) {
  return { model: 'small', input: [{ role: 'user', content: [part] }] }
}

describe('what has a price and no bound', () => {
  it.each(unbounded)(
    'is refused by name where a budget is strict, with the way out: %s',
    async (field, body) => {
      const models = [model('small', { prices: priced })]
      const refusal = await refusalOf(() => setUpModels(models, balanced, strict).make(1, body))
      expect(refusal).toMatchObject({ code: 'price_unknown', details: { param: field } })
      expect(refusal.message).toContain(
        `a strict budget governs it (a balanced budget would admit it): ${field}`,
      )
    },
  )

  it.each(unbounded)('is admitted where all budgets are balanced: %s', async (_, body) => {
    const models = [model('small', { prices: priced })]
    const reserved = await setUpModels(models, balanced).make(1, body)
    expect(reserved?.most).toBe(Number.POSITIVE_INFINITY)
  })
})

it('a strict budget admits searches with a cap, and sets aside their price and all that they may find', async () => {
  const body = { model: 'small', input: 'x', tools: [{ type: 'web_search' }], max_tool_calls: 2 }
  const { most = 0 } = (await setUpModels([model('small', { prices: priced })], strict).make(1, body)) ?? {}
  expect(most).toBeGreaterThan(2 * priced.toolCallNanoUsd + 3 * 2 * 128_000 * 5_000)
  expect(most).toBeLessThan(Number.POSITIVE_INFINITY)
})

it('a call goes to the first of its models that has a price for all that it asks for', async () => {
  const body = { model: 'small', input: 'x', tools: [{ type: 'web_search' }], max_tool_calls: 2 }
  const models = [model('small'), model('small', { prices: priced })]
  expect((await setUpModels(models, strict).make(1, body))?.most).toBeGreaterThan(0)
})

it('a sketch forgets what was long ago', () => {
  const sketch = new QuantileSketch()
  for (let value = 0; value < 900; value += 1) sketch.observe(1_000_000)
  for (let value = 0; value < 9_000; value += 1) sketch.observe(10)
  expect(sketch.quantile(0.95)).toBeLessThanOrEqual(11)
})
