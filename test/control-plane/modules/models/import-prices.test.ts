import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProvider, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const createModel: Mutation = {
  field: 'createModel',
  input: 'CreateModelInput',
  selection: '... on Model { id }',
}
const importPrices: Mutation = {
  field: 'importModelPrices',
  input: 'ImportModelPricesInput',
  selection: '... on ImportedModelPrices { changed { name } unchanged }',
}

const now = Date.parse('2026-01-01T00:00:00Z')
const tomorrow = '2026-01-02T00:00:00.000Z'

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
})
afterAll(() => context.close())

const priced = (output: string) => ({
  inputNanoUsdPerMillionTokens: '1',
  outputNanoUsdPerMillionTokens: output,
})

let provider: string
let number = 0
beforeEach(async () => {
  provider = `p${++number}`
  const { id: providerId } = await context.mutate(createProvider, {
    ...{ name: provider, baseUrl: 'https://api.example.com/v1' },
  })
  for (const name of ['a', 'b', 'org/c']) {
    await context.mutate(createModel, { providerId, name, prices: priced('2') })
  }
})

const row = (model: string, output: string, more = {}) => ({
  ...{ model: `${provider}/${model}`, prices: priced(output), ...more },
})

/** What everybody is told: the configuration, and how many revisions and prices led to it. */
async function table() {
  const { configuration, models } = await context.query<{
    configuration: { revision: number }
    models: { edges: { node: { name: string; priceHistory: { totalCount: number } } }[] }
  }>(
    '{ configuration { revision } models(first: 100) { edges { node { name priceHistory { totalCount } } } } }',
  )
  return { configuration, models, told: await context.configured('model') }
}

describe('a price list', () => {
  it('is taken over whole, as one revision; what it says already is left alone', async () => {
    const before = await table()
    const done = await context.mutate(importPrices, {
      rows: [row('a', '3'), row('b', '2'), row('org/c', '4'), row('org/c', '5', { validFrom: tomorrow })],
    })
    expect(done).toMatchObject({ changed: [{ name: 'a' }, { name: 'org/c' }], unchanged: 1 })
    const after = await table()
    expect(after.configuration.revision).toBe(before.configuration.revision + 1)
    expect(after.told.slice(-3)).toMatchObject([
      { name: 'a', prices: { outputNanoUsdPerMillionTokens: 3 } },
      { name: 'b', prices: { outputNanoUsdPerMillionTokens: 2 } },
      {
        name: 'org/c',
        prices: { outputNanoUsdPerMillionTokens: 4 },
        scheduledPrices: [{ from: Date.parse(tomorrow), prices: { outputNanoUsdPerMillionTokens: 5 } }],
      },
    ])
  })

  it('that is pushed again changes nothing', async () => {
    const rows = [row('a', '3'), row('b', '4', { validFrom: tomorrow })]
    await context.mutate(importPrices, { rows })
    const before = await table()
    expect(await context.mutate(importPrices, { rows })).toMatchObject({ changed: [], unchanged: 2 })
    expect(await table()).toEqual(before)
  })

  it.each([
    ['no amount', () => row('b', 'a lot'), 'input.rows[1].prices.outputNanoUsdPerMillionTokens'],
    ['a negative amount', () => row('b', '-1'), 'input.rows[1].prices.outputNanoUsdPerMillionTokens'],
    [
      'too large an amount',
      () => row('b', '9007199254740992'),
      'rows[1].prices.outputNanoUsdPerMillionTokens: ',
    ],
    ['no price', () => ({ ...row('b', '1'), prices: {} }), 'input.rows[1].prices'],
    [
      'a time that has passed',
      () => row('b', '3', { validFrom: '2026-01-01T00:00:00Z' }),
      'rows[1].validFrom: ',
    ],
    [
      'the same model once more',
      () => row('a', '4'),
      'rows[1].model: has prices for the same time in rows[0]',
    ],
    ['a model without a name', () => ({ ...row('b', '1'), model: '' }), 'rows[1].model: '],
    ['an unknown member', () => row('b', '1', { price: '1' }), 'input.rows[1]'],
  ])(
    'with %s in one row is refused whole, by row and field, and the old prices stay [B6]',
    async (_, bad, place) => {
      const before = await table()
      const refusal = await context.refusal(importPrices, { rows: [row('a', '3'), bad(), row('org/c', '4')] })
      expect(refusal).toContain(place)
      expect(await table()).toEqual(before)
    },
  )

  it('with a model that there is not is refused whole, and the old prices stay [B6]', async () => {
    const before = await table()
    expect(await context.mutate(importPrices, { rows: [row('a', '3'), row('x', '3')] })).toMatchObject({
      code: 'UNKNOWN_MODEL',
      message: expect.stringContaining(`rows[1].model: there is no "${provider}/x"`),
    })
    expect(await table()).toEqual(before)
  })

  it('has 1 to 1000 rows', async () => {
    expect(await context.refusal(importPrices, { rows: [] })).toMatch(/^rows: must have 1 to 1000/)
  })
})
