import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { grantLeases } from '../../../../control-plane/leases/grant-leases.ts'
import { reconcileBudgets } from '../../../../control-plane/leases/reconcile.ts'
import { enrol } from '../../organization.ts'
import { SpendingDataPlane } from '../../spending-data-plane.ts'
import { type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'

const now = Date.parse('2026-03-18T12:00:00Z')
let context: TenantApi
let leaseOf: (budgetId: string) => Promise<void>
let teamBudget: string
let organizationBudget: string
let confinedToken: string

const inDatabase = <T>(statement: string, parameters: readonly unknown[] = []) =>
  context.api.controlPlane.database.transaction(context.tenant.organizationId, (em) =>
    em.execute<T[]>(statement, [...parameters]),
  )
const reconcile = () =>
  context.api.controlPlane.database.transaction(context.tenant.organizationId, (em) =>
    reconcileBudgets(em, context.tenant.organizationId, now),
  )
const addBudget = async (owner: object) =>
  (
    await context.mutate(
      { field: 'addBudget', input: 'AddBudgetInput', selection: '... on Budget { id }' },
      { owner, limit: '10000', period: 'MONTH' },
    )
  ).id

interface Reconciliation {
  readonly at: string | null
  readonly drift: string
  readonly driftCount: number
  readonly drifts: readonly Result[]
}

async function shown(token = context.tenant.token): Promise<Reconciliation> {
  const { data, errors } = await context.api.ask(
    token,
    `{ budgetReconciliation { at drift driftCount drifts {
       budgetId budget { id drift } windowStart spent charged leased remaining drift } } }`,
  )
  if (!data) throw new Error(JSON.stringify(errors))
  return data.budgetReconciliation as Reconciliation
}

beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  const { organizationId, workspaceId } = context.tenant
  const { database, services } = context.api.controlPlane
  const { keys } = await database.transaction(organizationId, (em) => services.secrets.signers.read(em))
  const dataPlane = new SpendingDataPlane(
    await enrol({ database, secrets: services.secrets, signingKey: keys[0] }, organizationId),
  )
  leaseOf = async (budgetId) => {
    const request = dataPlane.request([{ budgetId, wantedNanoUsd: 400, neededNanoUsd: 400 }])
    await database.transaction(organizationId, (em) => grantLeases(em, organizationId, [request], now))
  }
  const team = await context.mutate(
    { field: 'createTeam', input: 'CreateTeamInput', selection: '... on Team { id }' },
    { workspaceId, name: 'team' },
  )
  const workspace = await context.mutate(
    { field: 'createWorkspace', input: 'CreateWorkspaceInput', selection: '... on Workspace { id }' },
    { name: 'elsewhere' },
  )
  const issued = await context.mutate(
    { field: 'issueApiToken', input: 'IssueApiTokenInput', selection: '... on IssuedApiToken { secret }' },
    { name: 'confined', role: 'ADMIN', workspaceId: workspace.id },
  )
  confinedToken = String(issued.secret)
  await reconcile()
  teamBudget = await addBudget({ teamId: team.id })
  organizationBudget = await addBudget({ organization: true })
  await leaseOf(teamBudget)
  await leaseOf(organizationBudget)
})
afterAll(() => context.close())
beforeEach(() => inDatabase('update budget_windows set leased = 400, settled = 0'))

describe('what the reconciler found', () => {
  it('is that the books agree, and when that was', async () => {
    await reconcile()
    expect(await shown()).toEqual({ at: '2026-03-18T12:00:00.000Z', drift: '0', driftCount: 0, drifts: [] })
    const { node } = await context.query<{ node: Result }>(
      'query($id: ID!) { node(id: $id) { ... on Budget { drift } } }',
      { id: teamBudget },
    )
    expect(node.drift).toBe('0')
  })

  it('is what drifts and by how much, the largest first, until it is mended', async () => {
    await inDatabase('update budget_windows set settled = 7 where budget_id = ?', [teamBudget])
    await inDatabase('update budget_windows set leased = 409, settled = 3 where budget_id = ?', [
      organizationBudget,
    ])
    await reconcile()
    expect(await shown()).toMatchObject({
      drift: '19',
      driftCount: 2,
      drifts: [
        {
          budgetId: organizationBudget,
          spent: '3',
          charged: '0',
          leased: '409',
          remaining: '400',
          drift: '12',
        },
        {
          ...{ budgetId: teamBudget, spent: '7', charged: '0', leased: '400', remaining: '400', drift: '7' },
          ...{ windowStart: '2026-03-01T00:00:00.000Z', budget: { id: teamBudget, drift: '7' } },
        },
      ],
    })
    await inDatabase('update budget_windows set leased = 400, settled = 0')
    await reconcile()
    expect(await shown()).toMatchObject({ drift: '0', drifts: [] })
  })

  it('is, to whoever is confined to a workspace, no budget of another one', async () => {
    await inDatabase('update budget_windows set settled = 7')
    await reconcile()
    expect(await shown()).toMatchObject({ drift: '14', driftCount: 2 })
    expect(await shown(confinedToken)).toMatchObject({
      ...{ drift: '7', driftCount: 1 },
      drifts: [{ budgetId: organizationBudget }],
    })
  })

  it('is nothing while nobody has looked', async () => {
    await inDatabase('delete from budget_drifts')
    await inDatabase('delete from budget_reconciliations')
    expect(await shown()).toEqual({ at: null, drift: '0', driftCount: 0, drifts: [] })
  })
})
