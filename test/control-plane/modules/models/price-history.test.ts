import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProvider, type TenantApi } from '../tenant-api.ts'
import { hour, PricedModels, priced, rollBack, updateModel } from './priced-models.ts'

let models: PricedModels
let context: TenantApi
beforeAll(async () => {
  models = await PricedModels.start()
  context = models.context
})
afterAll(() => context.close())
beforeEach(() => models.begin())

const at = (hours: number) => models.at(hours)

interface Version {
  readonly prices: { readonly outputNanoUsdPerMillionTokens: string } | null
  readonly validFrom: string
  readonly validUntil: string | null
  readonly actor: { readonly name: string }
}

async function historyOf(id: string) {
  const { model } = await context.query<{
    model: { priceHistory: { totalCount: number; edges: { node: Version }[] } }
  }>(
    `query($id: ID!) { model(id: $id) { priceHistory { totalCount edges { node {
      prices { outputNanoUsdPerMillionTokens } validFrom validUntil actor { name } } } } } }`,
    { id },
  )
  return model.priceHistory.edges.map(({ node: { prices, validFrom, validUntil, actor } }) => [
    ...[prices?.outputNanoUsdPerMillionTokens ?? null, validFrom, validUntil, actor.name],
  ])
}

describe('the price history of a model', () => {
  it('keeps what it cost, since when, until when and who said so', async () => {
    const id = await models.create('dear')
    models.pass(hour)
    await context.mutate(updateModel, { id, prices: priced('3') })
    models.pass(hour)
    await context.mutate(updateModel, { id, prices: null })
    expect(await historyOf(id)).toEqual([
      ['2', at(0), at(1), 'test'],
      ['3', at(1), at(2), 'test'],
      [null, at(2), null, 'test'],
    ])
  })

  it('has no entry for a change that is none of prices', async () => {
    const id = await models.create('same')
    await context.mutate(updateModel, { id, upstreamName: 'other', prices: priced('2') })
    expect(await historyOf(id)).toEqual([['2', at(0), null, 'test']])
  })

  it('begins with the catalogue of a new provider', async () => {
    const catalogue = { name: 'openai', baseUrl: 'https://api.openai.com/v1', catalogue: 'OPENAI' }
    const provider = await context.mutate(createProvider, catalogue)
    const { models } = await context.query<{ models: { edges: { node: { id: string } }[] } }>(
      'query($id: ID!) { models(first: 1, providerId: $id, filter: { search: "gpt-4o-mini" }) { edges { node { id } } } }',
      { id: provider.id },
    )
    expect(await historyOf(models.edges[0]?.node.id ?? '')).toHaveLength(1)
  })

  it('tells of a roll-back as of any other change', async () => {
    const id = await models.create('back')
    const { configuration } = await context.query<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    models.pass(hour)
    await context.mutate(updateModel, { id, prices: priced('3') })
    models.pass(hour)
    await context.mutate(rollBack, { revision: configuration.revision })
    expect(await historyOf(id)).toEqual([
      ['2', at(0), at(1), 'test'],
      ['3', at(1), at(2), 'test'],
      ['2', at(2), null, 'test'],
    ])
  })

  it('is rewritten by nobody, not even by the control plane', async () => {
    const { database } = context.api.controlPlane
    for (const sql of ['update model_prices set output_price = 0', 'delete from model_prices']) {
      const change = database.transaction(context.tenant.organizationId, (em) => em.execute(sql))
      await expect(change).rejects.toThrow(/permission denied/)
    }
  })
})
