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
      details: { scope: 'team', limit: 10, retryAfterSeconds: 2 },
    })
    expect(record.reserved).toEqual([])
  })
})

describe('a call that limits of tokens govern', () => {
  const tokenLimit = limitNode('lim_tokens', 'virtual_key', 10_000, 'tokens')
  const governed = (members = {}) =>
    new FakeCall({ key: key({ limits: [tokenLimit] }), targets: [target('acme')], ...members })
  const ended = { ...{ status: 200, errorCode: null, refusedBy: null }, durationMs: 1 }

  it('sets aside the most that it can use, tells the provider, and settles what it did use', async () => {
    const { host, record } = fakeHost()
    const stage = budget.setup(settings, host)
    const call = governed()
    expect(stage.onCall?.(call)).toBeUndefined()
    expect(call.get(outputBound)).toBe(4096)
    call.usage = {
      ...{ inputTokens: 7, cachedInputTokens: 2, outputTokens: 5, images: 0, estimated: false },
      costNanoUsd: 0,
    }
    await stage.onComplete?.(call, { ...ended, outcome: 'succeeded' })
    expect(record.tokens).toEqual([{ reserved: call.body.length + 4096, settled: 12 }])
  })

  it('is refused by name where it refers to something of unknown length', async () => {
    const earlier = { model: 'small', input: 'x', previous_response_id: 'resp_1' }
    const call = governed({ operation: 'responses', body: earlier })
    const refusal = await refusalOf(() => budget.setup(settings, fakeHost().host).onCall?.(call))
    expect(refusal).toMatchObject({
      code: 'price_unknown',
      message:
        'The tokens of this call cannot be bounded, and a limit of tokens governs it: previous_response_id refers to an earlier response of unknown length: send its text in input',
      details: { param: 'previous_response_id' },
    })
  })

  it('uses none when the provider was never asked', async () => {
    const { host, record } = fakeHost({ reserve: () => shortfall() })
    const stage = budget.setup(settings, host)
    const call = governed({ key: key({ limits: [tokenLimit], budgets: [teamBudget] }) })
    expect(await refusalOf(() => stage.onCall?.(call))).toMatchObject({ code: 'budget_exceeded' })
    await stage.onComplete?.(call, { ...ended, outcome: 'denied' })
    expect(record.tokens).toMatchObject([{ settled: 0 }])
  })

  it('is refused with a time to come again when there is no room now', async () => {
    const { host } = fakeHost({ take: () => ({ limit: tokenLimit, retryAfterMs: 8_100 }) })
    const call = governed()
    expect(await refusalOf(() => budget.setup(settings, host).onCall?.(call))).toMatchObject({
      code: 'token_limited',
      status: 429,
      message: `The virtual key limit of 10000 tokens is reached for a call that may use ${call.body.length + 4096}: try again in 9 s`,
      details: { scope: 'virtual_key', limit: 10_000, retryAfterSeconds: 9 },
    })
  })

  it('is refused with a way out and no time to come again when it alone asks for more', async () => {
    const small = { ...tokenLimit, max: 1_000 }
    const { host } = fakeHost({ take: () => ({ limit: small, retryAfterMs: null }) })
    const call = governed()
    const refusal = await refusalOf(() => budget.setup(settings, host).onCall?.(call))
    expect(refusal).toMatchObject({ code: 'token_limited', status: 429 })
    expect(refusal.message).toContain(`set max_tokens to ${1_000 - call.body.length} or less`)
    expect(refusal.details).toEqual({
      scope: 'virtual_key',
      unit: 'tokens',
      limit: 1_000,
      param: 'max_tokens',
    })
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

  it('when its limit is reached, and what was taken for a provider that is passed over is free again', async () => {
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
    expect(record.taken).toEqual([['lim_team', 'lim_full'], ['lim_team'], ['lim_team', 'lim_openai']])
    expect(record.tokens).toEqual([{ reserved: 0, released: true }, { reserved: 0 }])
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
