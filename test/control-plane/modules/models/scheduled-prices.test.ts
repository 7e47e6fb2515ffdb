import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { settleDuePrices } from '../../../../control-plane/modules/models/due-prices.ts'
import type { Mutation, TenantApi } from '../tenant-api.ts'
import { createModel, hour, PricedModels, priced, rollBack, updateModel } from './priced-models.ts'

const selection = '... on Model { id version }'
const schedule: Mutation = { field: 'scheduleModelPrices', input: 'ScheduleModelPricesInput', selection }
const cancel: Mutation = { field: 'cancelModelPrices', input: 'CancelModelPricesInput', selection }

let models: PricedModels
let context: TenantApi
beforeAll(async () => {
  models = await PricedModels.start()
  context = models.context
})
afterAll(() => context.close())
beforeEach(() => models.begin())

const at = (hours: number) => models.at(hours)
const create = (name: string) => models.create(name)
const settle = () =>
  settleDuePrices(context.api.controlPlane.database, context.tenant.organizationId, models.now)

interface Amounts {
  readonly outputNanoUsdPerMillionTokens: string
}
interface Shown {
  readonly prices: Amounts
  readonly scheduledPrices: { prices: Amounts; validFrom: string; actor: { name: string } }[]
  readonly priceHistory: {
    edges: { node: { prices: Amounts; validFrom: string; validUntil: string | null } }[]
  }
}

async function show(id: string) {
  const amount = 'prices { outputNanoUsdPerMillionTokens }'
  const { model } = await context.query<{ model: Shown }>(
    `query($id: ID!) { model(id: $id) { ${amount} scheduledPrices { ${amount} validFrom actor { name } }
      priceHistory { edges { node { ${amount} validFrom validUntil } } } } }`,
    { id },
  )
  return {
    now: model.prices.outputNanoUsdPerMillionTokens,
    scheduled: model.scheduledPrices.map(({ prices, validFrom, actor }) => [
      ...[prices.outputNanoUsdPerMillionTokens, validFrom, actor.name],
    ]),
    history: model.priceHistory.edges.map(({ node: { prices, validFrom, validUntil } }) => [
      ...[prices.outputNanoUsdPerMillionTokens, validFrom, validUntil],
    ]),
  }
}

const configured = async (id: string) => (await context.configured('model')).find((model) => model.id === id)

describe('scheduled prices', () => {
  it('are shown before, hold from their time on, and are history from that time, by whom they were announced', async () => {
    const id = await create('announced')
    await context.mutate(schedule, { modelId: id, prices: priced('5'), validFrom: at(2) })
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    const announced = [
      ['4', at(1), 'test'],
      ['5', at(2), 'test'],
    ]
    expect(await show(id)).toEqual({ now: '2', scheduled: announced, history: [['2', at(0), null]] })
    models.pass(hour - 1)
    expect(await show(id)).toMatchObject({ now: '2', scheduled: announced })
    models.pass(1)
    expect(await show(id)).toMatchObject({ now: '4', scheduled: announced.slice(1) })
    models.pass(hour)
    await settle()
    expect(await show(id)).toEqual({
      now: '5',
      scheduled: [],
      history: [
        ['2', at(0), at(1)],
        ['4', at(1), at(2)],
        ['5', at(2), null],
      ],
    })
  })

  it('are told to data planes with their times when they are announced, so that nothing has to come at that time', async () => {
    const id = await create('told')
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    const before = await configured(id)
    expect(before).toMatchObject({
      prices: { outputNanoUsdPerMillionTokens: 2 },
      scheduledPrices: [{ from: Date.parse(at(1)), prices: { outputNanoUsdPerMillionTokens: 4 } }],
    })
    models.pass(hour)
    await settle()
    expect(await configured(id)).toEqual({
      ...before,
      prices: expect.objectContaining({ outputNanoUsdPerMillionTokens: 4 }),
      scheduledPrices: undefined,
    })
    expect(await context.audited('model.prices_took_effect')).toMatchObject({ name: 'told' })
  })

  it('take the place of those that are announced for the same time', async () => {
    const id = await create('again')
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    await context.mutate(schedule, { modelId: id, prices: priced('6'), validFrom: at(1) })
    expect(await show(id)).toMatchObject({ scheduled: [['6', at(1), 'test']] })
  })

  it('are cancelled until they hold', async () => {
    const id = await create('cancelled')
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    await context.mutate(schedule, { modelId: id, prices: priced('5'), validFrom: at(2) })
    await context.mutate(cancel, { modelId: id, validFrom: at(2) })
    expect(await context.audited('model.prices_cancelled')).toMatchObject({
      after: { scheduledPrices: [{ validFrom: at(1) }] },
    })
    models.pass(3 * hour)
    expect(await context.mutate(cancel, { modelId: id, validFrom: at(1) })).toMatchObject({
      code: 'NOT_SCHEDULED',
    })
    expect(await show(id)).toMatchObject({ now: '4', scheduled: [] })
  })

  it('of the past or of now are refused by the name of the field, as are too many', async () => {
    const id = await create('late')
    for (const validFrom of [at(-1), at(0)]) {
      expect(await context.refusal(schedule, { modelId: id, prices: priced('4'), validFrom })).toBe(
        'validFrom: must be in the future',
      )
    }
    for (let hours = 1; hours <= 20; hours++) {
      await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(hours) })
    }
    expect(await context.refusal(schedule, { modelId: id, prices: priced('4'), validFrom: at(21) })).toMatch(
      /^validFrom: must be one of at most 20 times/,
    )
  })

  it('stay when the price of today is changed, and what held meanwhile is in the history', async () => {
    const id = await create('meanwhile')
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    await context.mutate(schedule, { modelId: id, prices: priced('6'), validFrom: at(3) })
    models.pass(2 * hour)
    await context.mutate(updateModel, { id, prices: priced('5') })
    models.pass(hour)
    await settle()
    expect((await show(id)).history).toEqual([
      ['2', at(0), at(1)],
      ['4', at(1), at(2)],
      ['5', at(2), at(3)],
      ['6', at(3), null],
    ])
  })

  it('refuse a change of who read the model before', async () => {
    const id = await create('stale')
    const { version } = await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    await context.mutate(schedule, { modelId: id, prices: priced('5'), validFrom: at(2) })
    expect(
      await context.mutate(cancel, { modelId: id, validFrom: at(1), expectedVersion: version }),
    ).toMatchObject({
      code: 'STALE_UPDATE',
    })
  })

  it('come back by a roll-back; those whose time has passed hold from the roll-back on', async () => {
    const id = await create('back')
    await context.mutate(schedule, { modelId: id, prices: priced('4'), validFrom: at(1) })
    await context.mutate(schedule, { modelId: id, prices: priced('6'), validFrom: at(9) })
    const { configuration } = await context.query<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    await context.mutate(cancel, { modelId: id, validFrom: at(1) })
    await context.mutate(cancel, { modelId: id, validFrom: at(9) })
    models.pass(2 * hour)
    await context.mutate(rollBack, { revision: configuration.revision })
    expect(await show(id)).toEqual({
      now: '4',
      scheduled: [['6', at(9), 'test']],
      history: [
        ['2', at(0), at(2)],
        ['4', at(2), null],
      ],
    })
    expect(await configured(id)).toMatchObject({
      prices: { outputNanoUsdPerMillionTokens: 4 },
      scheduledPrices: [{ from: Date.parse(at(9)) }],
    })
  })
})

describe('kinds of prices', () => {
  const kinds = {
    reasoningNanoUsdPerMillionTokens: '3',
    audioInputNanoUsdPerMillionTokens: '0',
    audioOutputNanoUsdPerMillionTokens: '7',
    callNanoUsd: '11',
    toolCallNanoUsd: '13',
  }
  const names = Object.keys(kinds).join(' ')

  it('are kept, shown and told to data planes', async () => {
    const { id } = await context.mutate(createModel, {
      providerId: models.providerId,
      name: 'kinds',
      prices: { ...priced('2'), ...kinds },
    })
    const { model } = await context.query<{ model: unknown }>(
      `query($id: ID!) { model(id: $id) { prices { ${names} } } }`,
      { id },
    )
    expect(model).toEqual({ prices: kinds })
    const told = Object.fromEntries(Object.entries(kinds).map(([name, amount]) => [name, Number(amount)]))
    expect((await configured(id))?.prices).toMatchObject(told)
  })

  it('that are not said, or say nothing, are not told to data planes, which may be of the release before', async () => {
    const prices = {
      ...priced('2'),
      callNanoUsd: '0',
      toolCallNanoUsd: '0',
      reasoningNanoUsdPerMillionTokens: null,
    }
    const { id } = await context.mutate(createModel, { providerId: models.providerId, name: 'plain', prices })
    expect(await configured(id)).toEqual({
      ...{
        kind: 'model',
        id,
        providerId: models.providerId,
        name: 'plain',
        upstreamName: 'plain',
        maxOutputTokens: null,
      },
      prices: {
        inputNanoUsdPerMillionTokens: 1,
        cachedInputNanoUsdPerMillionTokens: 1,
        outputNanoUsdPerMillionTokens: 2,
        imageNanoUsd: 0,
      },
    })
  })
})
