import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTenantApi, type TenantApi } from '../modules/tenant-api.ts'

const hour = 3_600_000
let clock = Date.parse('2026-01-01T00:00:00Z')
const at = (hours: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + hours * hour).toISOString()

let tenant: TenantApi
beforeAll(async () => {
  tenant = await startTenantApi({ now: () => clock })
})
afterAll(() => tenant.close())

interface Answer {
  readonly changes?: readonly {
    readonly kind: string
    readonly fields: readonly { readonly field: string }[]
  }[]
  readonly problems?: readonly { readonly path: string; readonly message: string }[]
}

async function apply(model: object): Promise<Answer> {
  const document = {
    version: 1,
    providers: [{ name: 'demo', baseUrl: 'https://api.example.com/v1', models: [{ name: 'm', ...model }] }],
  }
  const { applyConfiguration } = await tenant.query<{ applyConfiguration: Answer }>(
    `mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
      ... on AppliedConfiguration { changes { kind fields { field } } }
      ... on ConfigurationFileInvalid { problems { path message } } } }`,
    { input: { document } },
  )
  return applyConfiguration
}

async function exported(): Promise<unknown> {
  const { configurationFile } = await tenant.query<{
    configurationFile: { document: { providers: { models: object[] }[] } }
  }>('{ configurationFile { document } }')
  return configurationFile.document.providers[0]?.models[0]
}

const priced = (output: number) => ({ inputUsdPerMillionTokens: 1, outputUsdPerMillionTokens: output })
const whole = (output: number) => ({ ...priced(output), cachedInputUsdPerMillionTokens: 1, imageUsd: 0 })
const model = {
  prices: priced(2),
  scheduledPrices: [
    { validFrom: at(2), prices: { ...priced(4), callUsd: 0 } },
    { validFrom: at(1), prices: priced(3) },
  ],
}

describe('prices that a file schedules', () => {
  it('are made, and a second time nothing', async () => {
    expect((await apply(model)).changes).toMatchObject([{ kind: 'provider' }, { kind: 'model' }])
    expect((await apply(model)).changes).toEqual([])
    expect(await exported()).toMatchObject({
      prices: whole(2),
      scheduledPrices: [
        { validFrom: at(1), prices: whole(3) },
        { validFrom: at(2), prices: whole(4) },
      ],
    })
  })

  it('mean the same in an untouched file when their time has come', async () => {
    clock += hour
    expect((await apply(model)).changes).toEqual([])
    expect(await exported()).toMatchObject({
      prices: whole(3),
      scheduledPrices: [{ validFrom: at(2), prices: whole(4) }],
    })
  })

  it('stay when the file does not speak of them, and go when it says that there are none', async () => {
    expect((await apply({ prices: priced(3) })).changes).toEqual([])
    expect((await apply({ scheduledPrices: [] })).changes).toMatchObject([
      { kind: 'model', fields: [{ field: 'scheduledPrices' }] },
    ])
    clock += 2 * hour
    expect(await exported()).toMatchObject({ prices: whole(3) })
  })

  it('are refused by their place in the file when one of them cannot be read, and nothing is changed', async () => {
    const before = await exported()
    const twice = { validFrom: at(9), prices: priced(5) }
    const { problems } = await apply({
      prices: priced(9),
      scheduledPrices: [
        { ...twice, prices: { ...priced(5), callUsd: 0.000_000_000_1 } },
        { ...twice, validFrom: '2026-02-30T00:00:00Z' },
        twice,
      ],
    })
    expect(problems?.map(({ path }) => path)).toEqual([
      '/providers/0/models/0/scheduledPrices/0/prices/callUsd',
      '/providers/0/models/0/scheduledPrices/1/validFrom',
      '/providers/0/models/0/scheduledPrices',
    ])
    expect(await exported()).toEqual(before)
  })
})
