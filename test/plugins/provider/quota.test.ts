import { describe, expect, it } from 'vitest'
import { FakeCall } from '../fake-call.ts'
import { configuration, grant, key, limitNode, provider } from '../fake-configuration.ts'
import { prepareAsk } from './ask.ts'

const team = { id: 'bud_team', scope: 'team', limitNanoUsd: '5000000000' }
const ofConfig = { id: 'bud_config', scope: 'provider_config', limitNanoUsd: '1000000000' }
const windowEndsAt = Date.UTC(2026, 11, 1)
const at = Date.UTC(2026, 10, 30)

/** What a key reads that has a budget of its team, and one and a limit at the provider "acme". */
async function quota(showBudgetAmounts: boolean) {
  const acme = grant(provider('acme'), ['*'], {
    budgets: [ofConfig],
    limits: [limitNode('lim_config', 'provider_config', 9, 'tokens')],
  })
  const off = grant(provider('off'), ['*'], { active: false, budgets: [{ ...ofConfig, id: 'bud_off' }] })
  const call = new FakeCall({
    operation: 'quota',
    path: '/v1/quota',
    configuration: configuration({ showBudgetAmounts }),
    key: key({ budgets: [team], limits: [limitNode('lim_team', 'team', 4)], grants: [acme, off] }),
  })
  const facts = { limitNanoUsd: '6000000000', settledNanoUsd: '1500000001', windowEndsAt, at }
  const { stage } = prepareAsk({
    baseUrl: 'http://127.0.0.1:1',
    host: {
      now: at,
      budgets: (budgets) => budgets.map((budget) => ({ budget, facts: budget === team ? facts : null })),
    },
  })
  await stage.respond?.(call)
  expect(call.reply).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } })
  return JSON.parse(call.reply.text) as object
}

describe('a key reads how its levels stand', () => {
  const limits = [
    {
      ...{ scope: 'team', provider: null, unit: 'requests', limit: 4, remaining: 4, window_seconds: 60 },
      resets_at: '2026-11-30T00:00:00.000Z',
    },
    {
      ...{ scope: 'provider_config', provider: 'acme', unit: 'tokens', limit: 9, remaining: 9 },
      ...{ window_seconds: 60, resets_at: '2026-11-30T00:00:00.000Z' },
    },
  ]
  const times = { resets_at: '2026-12-01T00:00:00.000Z', as_of: '2026-11-30T00:00:00.000Z' }

  it('without amounts of money unless its organization shows them', async () => {
    expect(await quota(false)).toEqual({
      object: 'quota',
      budgets: [
        { scope: 'team', provider: null, ...times },
        { scope: 'provider_config', provider: 'acme', resets_at: null, as_of: null },
      ],
      limits,
    })
  })

  it('with amounts as the control plane said them last, and null for what nobody has said', async () => {
    expect(await quota(true)).toEqual({
      object: 'quota',
      budgets: [
        {
          ...{ scope: 'team', provider: null, ...times },
          ...{ unit: 'usd', limit: '6.00', used: '1.500000001', remaining: '4.499999999' },
        },
        {
          ...{ scope: 'provider_config', provider: 'acme', resets_at: null, as_of: null },
          ...{ unit: 'usd', limit: '1.00', used: null, remaining: null },
        },
      ],
      limits,
    })
  })
})
