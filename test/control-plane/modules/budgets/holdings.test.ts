import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BudgetHolding, sealHoldings } from '../../../../contract/budget-holdings.ts'
import { grantLeases } from '../../../../control-plane/leases/grant-leases.ts'
import { createMemoryTransport } from '../../../../transport/memory/create.ts'
import type { Transport } from '../../../../transport/transport.ts'
import { type EnrolledDataPlane, enrol } from '../../organization.ts'
import { SpendingDataPlane } from '../../spending-data-plane.ts'
import { type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'

const now = Date.parse('2026-03-18T12:00:00Z')
const endOfMonth = Date.parse('2026-04-01T00:00:00Z')
let context: TenantApi
let store: Transport
let first: EnrolledDataPlane
let second: EnrolledDataPlane
let teamId: string
let budgetId: string
let budgets = 0

beforeAll(async () => {
  store = createMemoryTransport()
  context = await startTenantApi({ now: () => now, transport: store })
  const { database, services } = context.api.controlPlane
  const { organizationId } = context.tenant
  const { keys } = await database.transaction(organizationId, (em) => services.secrets.signers.read(em))
  const installation = { database, secrets: services.secrets, signingKey: keys[0] }
  first = await enrol(installation, organizationId)
  second = await enrol(installation, organizationId)
})
afterAll(() => context.close())
beforeEach(async () => {
  budgets += 1
  const team = await context.mutate(
    { field: 'createTeam', input: 'CreateTeamInput', selection: '... on Team { id }' },
    { workspaceId: context.tenant.workspaceId, name: `team ${budgets}` },
  )
  const budget = await context.mutate(
    { field: 'addBudget', input: 'AddBudgetInput', selection: '... on Budget { id }' },
    { owner: { teamId: team.id }, limit: '10000', period: 'MONTH', mode: 'BALANCED' },
  )
  teamId = team.id
  budgetId = budget.id
})

function lease(dataPlane: EnrolledDataPlane, nanoUsd: number): Promise<unknown> {
  const request = new SpendingDataPlane(dataPlane, `${dataPlane.id}_${budgetId}`).request([
    { budgetId, wantedNanoUsd: nanoUsd, neededNanoUsd: nanoUsd },
  ])
  return context.api.controlPlane.database.transaction(dataPlane.organizationId, (em) =>
    grantLeases(em, dataPlane.organizationId, [request], now),
  )
}

/** As the data plane would, unless `facts` say otherwise. */
async function say(
  dataPlane: EnrolledDataPlane,
  holdings: readonly Partial<BudgetHolding>[],
  facts: { at?: number; signedBy?: EnrolledDataPlane; name?: string } = {},
): Promise<void> {
  const { at = now, signedBy = dataPlane, name = dataPlane.id } = facts
  const { organizationId, id } = dataPlane
  const nothing = { budgetId, held: [], overspendBoundNanoUsd: 0, unboundedCalls: 0 }
  const document = sealHoldings(
    {
      ...{ format: 1, organizationId, dataPlaneId: name, at },
      budgets: holdings.map((holding) => ({ ...nothing, ...holding })),
    },
    signedBy.signingKey,
  )
  await store.dataPlane(organizationId, id).holdings.publish(document)
}

const holds = (nanoUsd: number, windowEndsAt: number | null = endOfMonth) => ({
  held: [{ windowEndsAt, nanoUsd }],
})

async function standing(): Promise<Result & { readonly dataPlanes: readonly Result[] }> {
  const { node } = await context.query<{ node: Result & { dataPlanes: Result[] } }>(
    `query($id: ID!) { node(id: $id) { ... on Budget { leased held heldAsOf overspendBound unboundedCalls
       dataPlanes { dataPlaneId leased held overspendBound unboundedCalls asOf } } } }`,
    { id: budgetId },
  )
  return node
}

const unknown = { held: null, heldAsOf: null, overspendBound: null, unboundedCalls: null }

describe('what calls under way hold of a budget [B3]', () => {
  it('is the sum of what the data planes say that have leases of it, as of the oldest word', async () => {
    await lease(first, 1_000)
    await lease(second, 500)
    await say(first, [{ ...holds(300), overspendBoundNanoUsd: 70, unboundedCalls: 1 }], { at: now - 4_000 })
    await say(second, [{ ...holds(25), overspendBoundNanoUsd: 5 }], { at: now - 1_000 })
    const { dataPlanes, ...sums } = await standing()
    expect(sums).toEqual({
      ...{ leased: '1500', held: '325', overspendBound: '75', unboundedCalls: 1 },
      heldAsOf: '2026-03-18T11:59:56.000Z',
    })
    expect(dataPlanes).toHaveLength(2)
    expect(dataPlanes).toContainEqual({
      ...{ dataPlaneId: second.id, leased: '500', held: '25', overspendBound: '5', unboundedCalls: 0 },
      asOf: '2026-03-18T11:59:59.000Z',
    })
  })

  it('is nothing where nobody has a lease, and where whoever has one names the budget not', async () => {
    expect(await standing()).toMatchObject({ leased: '0', held: '0', heldAsOf: null, dataPlanes: [] })
    await lease(first, 1_000)
    await say(first, [{ ...holds(300), budgetId: 'bud_other' }])
    expect(await standing()).toMatchObject({ leased: '1000', held: '0', overspendBound: '0' })
  })

  it('holds no call that an earlier period pays for', async () => {
    await lease(first, 1_000)
    const earlier = { windowEndsAt: now - 1_000, nanoUsd: 80 }
    await say(first, [{ held: [earlier, { windowEndsAt: endOfMonth, nanoUsd: 300 }] }])
    expect(await standing()).toMatchObject({ held: '300' })
  })

  it('is told by `budgetStatus` of every level', async () => {
    await lease(first, 1_000)
    await say(first, [holds(300)])
    const { budgetStatus } = await context.query<{ budgetStatus: { levels: { budgets: Result[] }[] } }>(
      `query($owner: PolicyOwnerInput!) { budgetStatus(owner: $owner) { levels { budgets { id held } } } }`,
      { owner: { teamId } },
    )
    expect(budgetStatus.levels.flatMap(({ budgets }) => budgets)).toEqual([{ id: budgetId, held: '300' }])
  })

  describe('is not known, and never guessed', () => {
    const silences: readonly (readonly [string, () => Promise<void>])[] = [
      ['says nothing', async () => {}],
      ['spoke long ago, whatever the store shows', () => say(second, [holds(25)], { at: now - 61_000 })],
      ['is spoken for by another one', () => say(second, [holds(25)], { signedBy: first })],
      [
        'is shown under another one’s name',
        () => say(second, [holds(25)], { signedBy: first, name: first.id }),
      ],
      [
        'says what nobody can read',
        () => store.dataPlane(second.organizationId, second.id).holdings.publish('{}'),
      ],
    ]

    it.each(silences)('while a data plane with a lease %s', async (_, silence) => {
      await store.dataPlane(second.organizationId, second.id).holdings.publish('')
      await lease(first, 1_000)
      await lease(second, 500)
      await say(first, [holds(300)])
      await silence()
      const { dataPlanes, ...sums } = await standing()
      expect(sums).toEqual({ leased: '1500', ...unknown })
      expect(dataPlanes).toContainEqual(expect.objectContaining({ dataPlaneId: first.id, held: '300' }))
      expect(dataPlanes).toContainEqual({
        ...{ dataPlaneId: second.id, leased: '500', held: null },
        ...{ overspendBound: null, unboundedCalls: null, asOf: null },
      })
    })
  })

  it('is not known of a data plane that was revoked, and after that of one whose store is away', async () => {
    await lease(second, 500)
    await say(second, [holds(25)])
    expect(await standing()).toMatchObject({ held: '25' })
    await context.mutate(
      { field: 'revokeDataPlane', input: 'RevocationInput', selection: '... on DataPlane { id }' },
      { id: second.id },
    )
    expect(await standing()).toMatchObject(unknown)
    await store.close()
    expect(await standing()).toMatchObject(unknown)
  })
})
