import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import {
  createProvider,
  createTeam,
  type Mutation,
  type Result,
  startTenantApi,
  type TenantApi,
} from '../tenant-api.ts'

const now = Date.parse('2026-03-18T12:00:00Z')
let context: TenantApi
let ids: Record<string, string>

const created = (field: string, type: string, selection = 'id'): Mutation => ({
  field,
  input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`,
  selection: `... on ${type} { ${selection} }`,
})
const addBudget = created('addBudget', 'Budget')

beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  const { workspaceId } = context.tenant
  const { id: customer } = await context.mutate(created('createCustomer', 'Customer'), {
    workspaceId,
    name: 'customer',
  })
  const { id: unit } = await context.mutate(created('createBusinessUnit', 'BusinessUnit'), {
    customerId: customer,
    name: 'unit',
  })
  const { id: team } = await context.mutate(createTeam, { workspaceId, businessUnitId: unit, name: 'team' })
  const { id: user } = await context.mutate(created('createUser', 'User'), { name: 'user', teamId: team })
  const { id: providerId } = await context.mutate(createProvider, {
    name: 'provider',
    baseUrl: 'https://api.example.com/v1',
  })
  const issued = await context.mutate(
    created('issueVirtualKey', 'IssuedVirtualKey', 'virtualKey { id providerConfigs { id } }'),
    {
      ...{ workspaceId, name: 'key', owner: { userId: user } },
      providerConfigs: [{ providerId, allowedModels: ['*'], providerKeyIds: ['*'] }],
    },
  )
  const { id: key, providerConfigs } = issued.virtualKey as { id: string; providerConfigs: Result[] }
  ids = { customer, unit, team, user, key, config: providerConfigs[0]?.id ?? '' }
})
afterAll(() => context.close())

interface Status {
  readonly remaining: string | null
  readonly levels: readonly { level: string; ownerId: string; budgets: readonly Result[] }[]
}

async function statusOf(owner: object): Promise<Status> {
  const { budgetStatus } = await context.query<{ budgetStatus: Status }>(
    `query($owner: PolicyOwnerInput!) { budgetStatus(owner: $owner) { remaining levels {
      level ownerId budgets { id limit effectiveLimit settled leased remaining forecast { projected exhaustedAt } } } } }`,
    { owner },
  )
  return budgetStatus
}

async function settle(budgetId: string, startsAt: string, settled: number, leased: number): Promise<void> {
  const { organizationId } = context.tenant
  await context.api.controlPlane.database.transaction(organizationId, (em) =>
    em.execute(
      `insert into budget_windows (org_id, budget_id, starts_at, ceiling, settled, leased)
       values (?, ?, ?, 100000, ?, ?)`,
      [organizationId, budgetId, startsAt, settled, leased],
    ),
  )
}

describe('budgetStatus [S0-17]', () => {
  it('has every level that a key’s calls are charged to, whether it has a budget or not', async () => {
    const { levels, remaining } = await statusOf({ providerConfigId: ids.config })
    expect(levels.map(({ level, ownerId }) => [level, ownerId])).toEqual([
      ['ORGANIZATION', context.tenant.organizationId],
      ['CUSTOMER', ids.customer],
      ['BUSINESS_UNIT', ids.unit],
      ['TEAM', ids.team],
      ['USER', ids.user],
      ['VIRTUAL_KEY', ids.key],
      ['PROVIDER_CONFIG', ids.config],
    ])
    expect(remaining).toBeNull()
    expect((await statusOf({ organization: true })).levels).toHaveLength(1)
  })

  it('says of each budget what is spent, leased and left, and of all the least that is left', async () => {
    const team = { owner: { teamId: ids.team }, limit: '10000', period: 'MONTH' }
    const key = { owner: { virtualKeyId: ids.key }, limit: '1000', period: 'DAY' }
    const { id: monthly } = await context.mutate(addBudget, team)
    const { id: daily } = await context.mutate(addBudget, key)
    await settle(monthly, '2026-03-01T00:00:00Z', 9_700, 100)
    await settle(daily, '2026-03-18T00:00:00Z', 300, 50)
    const { levels, remaining } = await statusOf({ virtualKeyId: ids.key })
    expect(remaining).toBe('300')
    expect(levels.flatMap(({ level, budgets }) => budgets.map((budget) => [level, budget]))).toMatchObject([
      ['TEAM', { id: monthly, settled: '9700', leased: '100', remaining: '300' }],
      ['VIRTUAL_KEY', { id: daily, settled: '300', leased: '50', remaining: '700' }],
    ])
  })

  it('foresees nothing for a budget that has only begun, and from its beginning on where that was within the window', async () => {
    const owner = { userId: ids.user }
    const { id } = await context.mutate(addBudget, { owner, limit: '1000', period: 'DAY' })
    const forecastOf = async () => {
      const { levels } = await statusOf(owner)
      return levels.flatMap(({ budgets }) => budgets).find((budget) => budget.id === id)?.forecast
    }
    expect(await forecastOf()).toBeNull()
    await settle(id, '2026-03-18T00:00:00Z', 300, 0)
    const { organizationId } = context.tenant
    await context.api.controlPlane.database.transaction(organizationId, (em) =>
      em.execute(`update budgets set created_at = '2026-03-18T09:00:00Z' where id = ?`, [id]),
    )
    // 100 an hour since nine o'clock, and twelve hours to go.
    expect(await forecastOf()).toEqual({ projected: '1500', exhaustedAt: '2026-03-18T19:00:00.000Z' })
  })

  it('is null for whom nobody knows and for another organization’s', async () => {
    expect(await statusOf({ teamId: 'team_01ARZ3NDEKTSV4RRFFQ69G5FAV' })).toBeNull()
    const foreign = await context.api.createTenant('Foreign')
    const theirs = await context.api.ask(
      foreign.token,
      'mutation($input: CreateTeamInput!) { createTeam(input: $input) { ... on Team { id } } }',
      { input: { workspaceId: foreign.workspaceId, name: 'theirs' } },
    )
    expect(await statusOf({ teamId: read<{ id: string }>(theirs.data, 'createTeam').id })).toBeNull()
  })
})
