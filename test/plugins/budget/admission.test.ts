import { outputBound, type Prices, type Shortfall } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import budget from '../../../plugins/budget/index.ts'
import { FakeCall } from '../fake-call.ts'
import { configuration, grant, key, limitNode, model, provider, testPrices } from '../fake-configuration.ts'
import { fakeHost, hold } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

const settings = { defaultOutputTokens: 4096, imageInputTokens: 50_000 }
const teamBudget = { id: 'bud_team', scope: 'team', limitNanoUsd: '1000000000' }
const teamLimit = limitNode('lim_team', 'team', 10)

function target(
  name: string,
  levels: { budget?: boolean; limit?: boolean } = {},
  prices: Prices | null = testPrices,
) {
  const own = { scope: 'provider_config' }
  return {
    grant: grant(provider(name), ['*'], {
      budgets: levels.budget ? [{ ...own, id: `bud_${name}`, limitNanoUsd: '5' }] : [],
      limits: levels.limit ? [limitNode(`lim_${name}`, 'provider_config', 1)] : [],
    }),
    model: model('small', { prices }),
  }
}

function shortfall(members: Partial<Shortfall> = {}): Shortfall {
  return {
    reason: 'exceeded',
    scope: 'team',
    budgetId: 'bud_team',
    limitNanoUsd: '1000000000',
    settledNanoUsd: '990000000',
    resetsAt: '2026-12-01T00:00:00.000Z',
    ...members,
  }
}

describe('a call without budget or limit', () => {
  it('waits for nobody and is not bounded', () => {
    const { host, record } = fakeHost()
    const call = new FakeCall({ key: key(), targets: [target('acme'), target('openai')] })
    expect(budget.setup(settings, host).onCall?.(call)).toBeUndefined()
    expect(call.targets).toHaveLength(1)
    expect(call.get(outputBound)).toBeUndefined()
    expect(record).toMatchObject({ reserved: [], taken: [] })
  })

  it('may use a model without a price', () => {
    const { host } = fakeHost()
    const call = new FakeCall({ key: key(), targets: [target('acme', {}, null)] })
    budget.setup(settings, host).onCall?.(call)
    expect(call.hold).toBeUndefined()
  })
})

describe('a governed call', () => {
  it('reserves its bound on every level at once, and settles what it cost', async () => {
    const { host, record } = fakeHost()
    const stage = budget.setup(settings, host)
    const call = new FakeCall({
      key: key({ budgets: [teamBudget] }),
      targets: [target('acme', { budget: true })],
    })
    expect(stage.onCall?.(call)).toBeUndefined()
    expect(record.reserved.map(({ budgets }) => budgets)).toEqual([['bud_team', 'bud_acme']])
    expect(call.hold?.nanoUsd).toBe(call.body.length * 1000 + 4096 * 2000)

    call.usage = {
      inputTokens: 1,
      cachedInputTokens: 0,
      outputTokens: 1,
      images: 0,
      estimated: false,
      costNanoUsd: 3000,
    }
    await stage.onComplete?.(call, {
      outcome: 'succeeded',
      status: 200,
      errorCode: null,
      refusedBy: null,
      durationMs: 1,
    })
    expect(record.settled).toEqual([{ hold: call.hold, nanoUsd: 3000 }])
  })

  it('gives everything back when the provider was never asked', async () => {
    const { host, record } = fakeHost()
    const call = new FakeCall({ hold: hold(5000) })
    await budget
      .setup(settings, host)
      .onComplete?.(call, { outcome: 'denied', status: 403, errorCode: 'x', refusedBy: 'x', durationMs: 1 })
    expect(record.settled).toEqual([{ hold: call.hold, nanoUsd: 0 }])
  })

  it('takes the permits before the money', async () => {
    const { host, record } = fakeHost({
      take: () => ({ limit: teamLimit, retryAfterMs: 1500 }),
    })
    const call = new FakeCall({
      key: key({ limits: [teamLimit], budgets: [teamBudget] }),
      targets: [target('acme')],
    })
    const refusal = await refusalOf(() => budget.setup(settings, host).onCall?.(call))
    expect(refusal).toMatchObject({
      code: 'request_limited',
      status: 429,
      details: {
        ...{ scope: 'team', unit: 'requests', limit: 10 },
        ...{ resets_at: '1970-01-01T00:00:01.500Z', retryAfterSeconds: 2 },
      },
    })
    expect(record.reserved).toEqual([])
  })
})

describe('refusals for money', () => {
  const now = Date.parse('2026-11-30T23:59:00.000Z')
  async function refused(result: Shortfall | Promise<Shortfall>, showBudgetAmounts = true) {
    const { host } = fakeHost({ now, reserve: () => result })
    const call = new FakeCall({
      configuration: configuration({ showBudgetAmounts }),
      key: key({ budgets: [teamBudget] }),
      targets: [target('acme')],
    })
    return refusalOf(() => budget.setup(settings, host).onCall?.(call))
  }

  it('exhausted: 402 with scope and reset, and when to come back', async () => {
    const refusal = await refused(shortfall(), false)
    expect(refusal).toMatchObject({ code: 'budget_exceeded', status: 402 })
    expect(refusal.message).toBe(
      'The team budget has no room for this call and resets at 2026-12-01T00:00:00.000Z',
    )
    expect(refusal.details).toEqual({
      scope: 'team',
      resets_at: '2026-12-01T00:00:00.000Z',
      retryAfterSeconds: 60,
    })
  })

  it('with limit and used where the organization shows its callers amounts', async () => {
    expect(await refused(shortfall())).toMatchObject({
      message: 'The team budget of $1.00 has no room for this call and resets at 2026-12-01T00:00:00.000Z',
      details: { scope: 'team', unit: 'usd', limit: '1.00', used: '0.99' },
    })
  })

  it('a budget that never resets says so', async () => {
    const refusal = await refused(shortfall({ resetsAt: null, limitNanoUsd: '12345', settledNanoUsd: null }))
    expect(refusal.message).toBe('The team budget of $0.000012345 has no room for this call and never resets')
    expect(refusal.details).toEqual({ scope: 'team', unit: 'usd', limit: '0.000012345' })
  })

  it('unknown: 503 with Retry-After, also when it takes the ledger a while to say so', async () => {
    const refusal = await refused(Promise.resolve(shortfall({ reason: 'unavailable' })))
    expect(refusal).toMatchObject({ code: 'budget_unavailable', status: 503 })
    expect(refusal.details.retryAfterSeconds).toBeGreaterThan(0)
  })

  it('no price: 403, for unknown is never free', async () => {
    const { host, record } = fakeHost()
    const call = new FakeCall({ key: key({ budgets: [teamBudget] }), targets: [target('acme', {}, null)] })
    const refusal = await refusalOf(() => budget.setup(settings, host).onCall?.(call))
    expect(refusal).toMatchObject({ code: 'price_unknown', status: 403, details: { param: 'model' } })
    expect(record.reserved).toEqual([])
  })
})

describe('the provider-config level excludes one provider, not the call [X0-25]', () => {
  it('when its budget is exhausted', () => {
    const { host } = fakeHost({
      reserve: (budgets, nanoUsd) =>
        budgets.some(({ id }) => id === 'bud_acme') ? shortfall({ scope: 'provider_config' }) : hold(nanoUsd),
    })
    const targets = [target('acme', { budget: true }), target('openai', { budget: true })]
    const call = new FakeCall({ key: key({ budgets: [teamBudget] }), targets })
    budget.setup(settings, host).onCall?.(call)
    expect(call.targets).toEqual([targets[1]])
    expect(call.hold).toBeDefined()
  })

  it('when its limit is reached, and the permits of the key are taken once', async () => {
    const { host, record } = fakeHost({
      reserve: (budgets, nanoUsd) =>
        budgets.some(({ id }) => id === 'bud_acme') ? shortfall({ scope: 'provider_config' }) : hold(nanoUsd),
      take: async (limits) =>
        limits.some(({ id }) => id === 'lim_full')
          ? { limit: limitNode('lim_full', 'provider_config', 1), retryAfterMs: 1 }
          : undefined,
    })
    const targets = [
      target('full', { limit: true }),
      target('acme', { budget: true }),
      target('openai', { limit: true }),
    ]
    const call = new FakeCall({ key: key({ limits: [teamLimit] }), targets })
    await budget.setup(settings, host).onCall?.(call)
    expect(call.targets).toEqual([targets[2]])
    expect(record.taken).toEqual([['lim_team', 'lim_full'], ['lim_team'], ['lim_openai']])
  })

  it('and refuses the call when it was the last', async () => {
    const { host } = fakeHost({ reserve: () => shortfall({ scope: 'provider_config' }) })
    const call = new FakeCall({ key: key(), targets: [target('acme', { budget: true })] })
    const refusal = await refusalOf(() => budget.setup(settings, host).onCall?.(call))
    expect(refusal).toMatchObject({ code: 'budget_exceeded', details: { scope: 'provider_config' } })
  })

  it('while any other level refuses the call', async () => {
    const { host } = fakeHost({ reserve: () => shortfall() })
    const call = new FakeCall({
      key: key({ budgets: [teamBudget] }),
      targets: [target('acme'), target('openai')],
    })
    expect((await refusalOf(() => budget.setup(settings, host).onCall?.(call))).details.scope).toBe('team')
  })
})

it('governs no list of models', () => {
  const { host, record } = fakeHost()
  const call = new FakeCall({ operation: 'models.list', key: key({ limits: [teamLimit] }) })
  budget.setup(settings, host).onCall?.(call)
  expect(record.taken).toEqual([])
})
