import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProvider, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const prices =
  'prices { inputNanoUsdPerMillionTokens cachedInputNanoUsdPerMillionTokens outputNanoUsdPerMillionTokens imageNanoUsd }'
const selection = `... on Model { id name upstreamName maxOutputTokens ${prices} provider { id } }`
const createModel: Mutation = { field: 'createModel', input: 'CreateModelInput', selection }
const updateModel: Mutation = { field: 'updateModel', input: 'UpdateModelInput', selection }
const deleteModel: Mutation = { field: 'deleteModel', input: 'ByIdInput', selection: '... on Deleted { id }' }

let context: TenantApi
let providerId: string
beforeAll(async () => {
  context = await startTenantApi()
  const made = await context.mutate(createProvider, { name: 'demo', baseUrl: 'https://api.example.com/v1' })
  providerId = made.id
})
afterAll(() => context.close())

describe('models', () => {
  it('a catalogue’s models come with their provider, in one revision', async () => {
    const catalogue = { name: 'openai', baseUrl: 'https://api.openai.com/v1', catalogue: 'OPENAI' }
    const provider = await context.mutate(createProvider, catalogue)
    const { models } = await context.query<{ models: { totalCount: number } }>(
      'query($id: ID!) { models(first: 1, providerId: $id) { totalCount } }',
      { id: provider.id },
    )
    const configured = await context.configured('model')
    expect(models.totalCount).toBeGreaterThan(50)
    expect(configured.filter((model) => model.providerId === provider.id)).toHaveLength(models.totalCount)
  })

  it('an absent cached price is the input price, an absent picture price nothing', async () => {
    const given = { inputNanoUsdPerMillionTokens: '150000000', outputNanoUsdPerMillionTokens: '600000000' }
    const model = await context.mutate(createModel, { providerId, name: 'small', prices: given })
    expect(model).toMatchObject({
      upstreamName: 'small',
      provider: { id: providerId },
      prices: { ...given, cachedInputNanoUsdPerMillionTokens: '150000000', imageNanoUsd: '0' },
    })
  })

  it('a price change is audited with what was before, and reaches data planes', async () => {
    const cheap = { inputNanoUsdPerMillionTokens: '1', outputNanoUsdPerMillionTokens: '2' }
    const { id } = await context.mutate(createModel, { providerId, name: 'dearer', prices: cheap })
    await context.mutate(updateModel, { id, prices: { ...cheap, outputNanoUsdPerMillionTokens: '3' } })
    expect(await context.audited('model.updated')).toMatchObject({
      before: { prices: { outputNanoUsdPerMillionTokens: 2 } },
      after: { prices: { outputNanoUsdPerMillionTokens: 3 } },
    })
    const told = (await context.configured('model')).find((model) => model.id === id)
    expect(told?.prices?.outputNanoUsdPerMillionTokens).toBe(3)
  })

  it('prices can become unknown, which is not free', async () => {
    const free = { inputNanoUsdPerMillionTokens: '0', outputNanoUsdPerMillionTokens: '0' }
    const { id } = await context.mutate(createModel, { providerId, name: 'unknown', prices: free })
    expect(await context.mutate(updateModel, { id, prices: null })).toMatchObject({ prices: null })
  })

  it('a name is taken once at a provider, and a provider has to exist', async () => {
    await context.mutate(createModel, { providerId, name: 'twice' })
    expect(await context.mutate(createModel, { providerId, name: 'twice' })).toMatchObject({
      code: 'NAME_TAKEN',
    })
    const nowhere = { providerId: 'prov_none', name: 'lost' }
    expect(await context.mutate(createModel, nowhere)).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('a price that a configuration cannot hold is refused by name', async () => {
    const huge = { inputNanoUsdPerMillionTokens: '9007199254740993', outputNanoUsdPerMillionTokens: '0' }
    expect(await context.refusal(createModel, { providerId, name: 'huge', prices: huge })).toMatch(
      /^prices\.inputNanoUsdPerMillionTokens: must be at most/,
    )
  })

  it('a deleted model is gone from the configuration', async () => {
    const { id } = await context.mutate(createModel, { providerId, name: 'gone' })
    await context.mutate(deleteModel, { id })
    expect((await context.configured('model')).some((model) => model.id === id)).toBe(false)
  })
})
