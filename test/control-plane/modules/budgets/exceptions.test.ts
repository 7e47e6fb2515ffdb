import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grantLeases } from '../../../../control-plane/leases/grant-leases.ts'
import { createTeam, type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'

const override = 'override { amount lastsUntil version }'
const fields = `id limit effectiveLimit settled leased remaining ${override}`
const onBudget = { selection: `... on Budget { ${fields} }` }
const addBudget: Mutation = { field: 'addBudget', input: 'AddBudgetInput', ...onBudget }
const setOverride: Mutation = { field: 'setBudgetOverride', input: 'SetBudgetOverrideInput', ...onBudget }
const removeOverride: Mutation = {
  field: 'removeBudgetOverride',
  input: 'RemoveBudgetOverrideInput',
  ...onBudget,
}
const resetUsage: Mutation = { field: 'resetBudgetUsage', input: 'ResetBudgetUsageInput', ...onBudget }

const dayMs = 86_400_000
/** Always noon, and never back: the control plane counts requests by it. */
let now = Date.parse('2026-03-18T12:00:00Z')
const midnightIn = (days: number) => new Date(now - dayMs / 2 + days * dayMs).toISOString()
let context: TenantApi
let teams = 0
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
})
afterAll(() => context.close())

async function newBudget(limit = '1000', period = 'DAY'): Promise<string> {
  const { workspaceId } = context.tenant
  const { id: teamId } = await context.mutate(createTeam, { workspaceId, name: `team ${++teams}` })
  return (await context.mutate(addBudget, { owner: { teamId }, limit, period })).id
}

async function standing(id: string): Promise<Result> {
  const document = `query($id: ID!) { node(id: $id) { ... on Budget { ${fields} } } }`
  return (await context.query<{ node: Result }>(document, { id })).node
}

/** What a data plane is granted that wants so much. */
async function grant(budgetId: string, nanoUsd: number) {
  const { organizationId } = context.tenant
  const dataPlaneId = 'dp_that_asks'
  const asks = [{ budgetId, wantedNanoUsd: nanoUsd, neededNanoUsd: nanoUsd }]
  return context.api.controlPlane.database.transaction(organizationId, async (em) => {
    await em.execute(
      `insert into data_planes (id, org_id, name, version, signing_key, sealing_key, enrolled_at, plugins)
       values (?, ?, 'asks', '0.0.0', '{}', '{}', now(), '[]') on conflict do nothing`,
      [dataPlaneId, organizationId],
    )
    const request = { format: 1 as const, id: `request_${++teams}`, organizationId, dataPlaneId, asks }
    return (await grantLeases(em, organizationId, [request], now))[0]?.[0]
  })
}

async function spend(budgetId: string, settled: number, leased = 0): Promise<void> {
  await context.api.controlPlane.database.transaction(context.tenant.organizationId, (em) =>
    em.execute(
      `insert into budget_windows (org_id, budget_id, starts_at, ceiling, settled, leased)
       values (?, ?, ?, ?, ?, ?)`,
      [context.tenant.organizationId, budgetId, midnightIn(0), settled + leased, settled, leased],
    ),
  )
}

describe('an override [X0-26]', () => {
  it('adds to what is granted and shown for its cycles, the present one included, and then ends by itself', async () => {
    const id = await newBudget()
    expect((await grant(id, 1_001))?.grantedNanoUsd).toBe(0)
    const set = { budgetId: id, amount: '500', lasts: { cycles: 2 } }
    expect(await context.mutate(setOverride, set)).toMatchObject({
      limit: '1000',
      effectiveLimit: '1500',
      remaining: '1500',
      override: { amount: '500', lastsUntil: midnightIn(2), version: 1 },
    })
    for (const _cycle of [1, 2]) {
      expect(await grant(id, 1_500)).toMatchObject({ grantedNanoUsd: 1_500, limitNanoUsd: '1500' })
      now += dayMs
    }
    expect(await grant(id, 1_001)).toMatchObject({ grantedNanoUsd: 0, limitNanoUsd: '1000' })
    expect(await standing(id)).toMatchObject({ effectiveLimit: '1000', override: null })
  })

  it('holds until it is removed when it is to last for ever, and every change is audited with what was before', async () => {
    const id = await newBudget('1000', 'NONE')
    await context.mutate(setOverride, { budgetId: id, amount: '500', lasts: { forever: true } })
    const changed = { budgetId: id, amount: '700', lasts: { forever: true }, expectedVersion: 1 }
    expect(await context.mutate(setOverride, changed)).toMatchObject({ effectiveLimit: '1700' })
    expect(await context.audited('budget.override_set')).toMatchObject({
      before: { amountNanoUsd: '500', lastsUntil: null },
      after: { amountNanoUsd: '700', lastsUntil: null },
    })
    expect((await context.mutate(setOverride, changed)).code).toBe('STALE_UPDATE')
    now += 4_000 * dayMs
    expect((await grant(id, 1_700))?.grantedNanoUsd).toBe(1_700)
    expect(await context.mutate(removeOverride, { budgetId: id })).toMatchObject({
      effectiveLimit: '1000',
      remaining: '1000',
      override: null,
    })
    expect(await context.audited('budget.override_removed')).toMatchObject({
      before: { amountNanoUsd: '700', lastsUntil: null },
      after: null,
    })
    // What was granted under it stays granted, and nothing more is.
    expect(await grant(id, 1)).toMatchObject({ grantedNanoUsd: 0, unleasedNanoUsd: '0' })
    expect(await context.mutate(removeOverride, { budgetId: id })).toMatchObject({ override: null })
  })

  it('is no configuration: data planes are told of nothing, and of its budget it is gone', async () => {
    const id = await newBudget()
    const before = await context.configured('budget')
    await context.mutate(setOverride, { budgetId: id, amount: '500', lasts: { cycles: 1 } })
    expect(await context.configured('budget')).toEqual(before)
    await context.mutate(
      { field: 'removeBudget', input: 'ByIdInput', selection: '... on Deleted { id }' },
      { id },
    )
    expect((await context.mutate(removeOverride, { budgetId: id })).code).toBe('NOT_FOUND')
  })

  it.each([
    ['nothing added', { amount: '0', lasts: { cycles: 1 } }, /^amount: must be from 1 /],
    ['no cycle', { amount: '1', lasts: { cycles: 0 } }, /^lasts.cycles: must be an integer from 1 to 1000/],
    ['neither', { amount: '1', lasts: { forever: false } }, /^lasts: says nothing: set forever to true/],
  ])('of %s is refused with the way out', async (_, input, message) => {
    expect(await context.refusal(setOverride, { budgetId: await newBudget(), ...input })).toMatch(message)
  })

  it('of so many periods is refused for a budget that has one', async () => {
    const input = { budgetId: await newBudget('1000', 'NONE'), amount: '1', lasts: { cycles: 1 } }
    expect(await context.refusal(setOverride, input)).toMatch(/never resets\. Say forever/)
  })
})

describe('a reset of usage [X0-26]', () => {
  it('makes the limit whole but for what is leased, and says in the audit trail how much it forgave', async () => {
    const id = await newBudget()
    await spend(id, 900, 100)
    expect((await grant(id, 1))?.grantedNanoUsd).toBe(0)
    expect(await context.mutate(resetUsage, { budgetId: id })).toMatchObject({
      settled: '0',
      leased: '100',
      remaining: '1000',
    })
    expect(await context.audited('budget.usage_reset')).toMatchObject({
      windowStart: midnightIn(0),
      forgivenNanoUsd: '900',
      leasedNanoUsd: '100',
    })
    expect((await grant(id, 901))?.grantedNanoUsd).toBe(0)
    expect((await grant(id, 900))?.grantedNanoUsd).toBe(900)
  })

  it('that is repeated with its idempotency key forgives nothing more', async () => {
    const id = await newBudget()
    await spend(id, 900)
    const input = { budgetId: id, idempotencyKey: 'once' }
    await context.mutate(resetUsage, input)
    await context.api.controlPlane.database.transaction(context.tenant.organizationId, (em) =>
      em.execute('update budget_windows set settled = 70 where budget_id = ?', [id]),
    )
    expect(await context.mutate(resetUsage, input)).toMatchObject({ settled: '70' })
    expect((await context.mutate(resetUsage, { budgetId: id })).settled).toBe('0')
  })

  it('of a window that nobody has spent of changes nothing', async () => {
    expect(await context.mutate(resetUsage, { budgetId: await newBudget() })).toMatchObject({
      settled: '0',
      leased: '0',
    })
  })
})
