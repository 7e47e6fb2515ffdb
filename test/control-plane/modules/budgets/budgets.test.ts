import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { createTeam, type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'

const fields = 'id limit period settled leased windowStart resetsAt'
const setBudget: Mutation = {
  field: 'setBudget',
  input: 'SetBudgetInput',
  selection: `... on Budget { ${fields} }`,
}
const deleted = { input: 'ByIdInput', selection: '... on Deleted { id }' }
const addBudget: Mutation = { ...setBudget, field: 'addBudget', input: 'AddBudgetInput' }
const updateBudget: Mutation = { ...setBudget, field: 'updateBudget', input: 'UpdateBudgetInput' }
const removeBudget: Mutation = { field: 'removeBudget', ...deleted }
const deleteTeam: Mutation = { field: 'deleteTeam', ...deleted }

const now = Date.parse('2026-03-18T12:00:00Z')
let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
})
afterAll(() => context.close())

async function newTeam(name: string): Promise<string> {
  return (await context.mutate(createTeam, { workspaceId: context.tenant.workspaceId, name })).id
}

async function budgetsOf(teamId: string): Promise<Result[]> {
  const { team } = await context.query<{ team: { budgets: Result[] } }>(
    `query($id: ID!) { team(id: $id) { budgets { ${fields} } } }`,
    { id: teamId },
  )
  return team.budgets
}

const budgetOf = async (teamId: string) => (await budgetsOf(teamId))[0] ?? null

describe('budgets', () => {
  it('an owner has one: setting it again changes it and audits what it was', async () => {
    const teamId = await newTeam('one')
    const first = await context.mutate(setBudget, { owner: { teamId }, limit: '5000000000', period: 'MONTH' })
    expect(first).toMatchObject({
      limit: '5000000000',
      settled: '0',
      leased: '0',
      windowStart: '2026-03-01T00:00:00.000Z',
      resetsAt: '2026-04-01T00:00:00.000Z',
    })
    const second = await context.mutate(setBudget, { owner: { teamId }, limit: '7', period: 'DAY' })
    expect(second.id).toBe(first.id)
    expect(await budgetOf(teamId)).toMatchObject({ limit: '7', period: 'DAY' })
    expect(await context.audited('budget.set')).toMatchObject({
      before: { limitNanoUsd: '5000000000', period: 'MONTH' },
      after: { limitNanoUsd: '7', period: 'DAY' },
    })
  })

  it('an owner may have one for each period, which is changed and removed by itself', async () => {
    const teamId = await newTeam('several')
    const owner = { teamId }
    const daily = await context.mutate(addBudget, { owner, limit: '10', period: 'DAY' })
    const monthly = await context.mutate(addBudget, { owner, limit: '100', period: 'MONTH' })
    expect(await budgetsOf(teamId)).toMatchObject([{ period: 'DAY' }, { period: 'MONTH' }])
    expect(await context.mutate(addBudget, { owner, limit: '9', period: 'DAY' })).toMatchObject({
      code: 'PERIOD_TAKEN',
    })
    expect(await context.mutate(updateBudget, { id: daily.id, period: 'MONTH' })).toMatchObject({
      code: 'PERIOD_TAKEN',
    })
    expect(await context.mutate(updateBudget, { id: daily.id, limit: '20' })).toMatchObject({
      id: daily.id,
      limit: '20',
      period: 'DAY',
    })
    expect(await context.mutate(setBudget, { owner, limit: '1', period: 'DAY' })).toMatchObject({
      code: 'SEVERAL_BUDGETS',
    })
    await context.mutate(removeBudget, { id: daily.id })
    const told = (await context.configured('budget')).filter((budget) => budget.owner.id === teamId)
    expect(told).toEqual([expect.objectContaining({ id: monthly.id, limitNanoUsd: '100' })])
  })

  it('every level can carry one, and data planes are told', async () => {
    const owners = [{ organization: true }, { teamId: await newTeam('level') }]
    for (const owner of owners) {
      const { id } = await context.mutate(setBudget, { owner, limit: '999999999999999999', period: 'NONE' })
      const told = (await context.configured('budget')).find((budget) => budget.id === id)
      expect(told?.limitNanoUsd).toBe('999999999999999999')
    }
    const { organization } = await context.query<{ organization: { budgets: Result[] } }>(
      `{ organization { budgets { ${fields} } } }`,
    )
    expect(organization.budgets[0]).toMatchObject({ period: 'NONE', resetsAt: null })
  })

  it('shows what is settled and leased in the present window alone', async () => {
    const teamId = await newTeam('spending')
    const { id } = await context.mutate(setBudget, { owner: { teamId }, limit: '1000', period: 'WEEK' })
    const { organizationId } = context.tenant
    const windows = [
      ['2026-03-09T00:00:00Z', 900, 0, 0],
      ['2026-03-16T00:00:00Z', 300, 200, 5],
    ] as const
    await context.api.controlPlane.database.transaction(organizationId, async (em) => {
      for (const window of windows) {
        await em.execute(
          `insert into budget_windows (org_id, budget_id, ceiling, starts_at, settled, leased, overdrawn)
           values (?, ?, 1000, ?, ?, ?, ?)`,
          [organizationId, id, ...window],
        )
      }
    })
    expect(await budgetOf(teamId)).toMatchObject({
      settled: '305',
      leased: '200',
      windowStart: '2026-03-16T00:00:00.000Z',
      resetsAt: '2026-03-23T00:00:00.000Z',
    })
  })

  it('a removed budget is gone for its owner and for data planes', async () => {
    const teamId = await newTeam('freed')
    const { id } = await context.mutate(setBudget, { owner: { teamId }, limit: '1', period: 'DAY' })
    await context.mutate(removeBudget, { id })
    expect(await budgetOf(teamId)).toBeNull()
    expect((await context.configured('budget')).some((budget) => budget.id === id)).toBe(false)
    expect(await context.mutate(removeBudget, { id })).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('a limit of nothing is refused with the way out', async () => {
    const owner = { teamId: await newTeam('zero') }
    expect(await context.refusal(setBudget, { owner, limit: '0', period: 'DAY' })).toMatch(
      /^limit: must be from 1 .* switch the keys off$/,
    )
  })

  it('another organization’s team is as unknown as one that does not exist', async () => {
    const foreign = await context.api.createTenant('Foreign')
    const theirs = await context.api.ask(
      foreign.token,
      'mutation($input: CreateTeamInput!) { createTeam(input: $input) { ... on Team { id } } }',
      { input: { workspaceId: foreign.workspaceId, name: 'theirs' } },
    )
    const { id: teamId } = read<{ id: string }>(theirs.data, 'createTeam')
    const real = await context.mutate(setBudget, { owner: { teamId }, limit: '1', period: 'DAY' })
    const invented = { owner: { teamId: `${teamId.slice(0, -1)}_` }, limit: '1', period: 'DAY' }
    expect(real.code).toBe('NOT_FOUND')
    expect((await context.mutate(setBudget, invented)).code).toBe('NOT_FOUND')
  })

  it('a token of one workspace can neither see nor change another workspace’s budget', async () => {
    const teamId = await newTeam('elsewhere')
    const { id } = await context.mutate(setBudget, { owner: { teamId }, limit: '1', period: 'DAY' })
    const workspace = await context.mutate(
      { field: 'createWorkspace', input: 'CreateWorkspaceInput', selection: '... on Workspace { id }' },
      { name: 'confined' },
    )
    const { issueApiToken } = await context.query<{ issueApiToken: { secret: string } }>(
      `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`,
      { input: { name: 'confined', role: 'ADMIN', workspaceId: workspace.id } },
    )
    const seen = await context.api.ask(issueApiToken.secret, 'query($id: ID!) { node(id: $id) { id } }', {
      id,
    })
    expect(seen.data?.node).toBeNull()
    const removal = await context.api.ask(
      issueApiToken.secret,
      'mutation($input: ByIdInput!) { removeBudget(input: $input) { ... on Refusal { code } } }',
      { input: { id } },
    )
    expect(removal.data?.removeBudget).toEqual({ code: 'NOT_FOUND' })
  })

  it('no budget outlives its owner, however the two changes meet', async () => {
    for (let round = 0; round < 8; round++) {
      const teamId = await newTeam(`race ${round}`)
      await Promise.all([
        context.mutate(setBudget, { owner: { teamId }, limit: '1', period: 'DAY' }),
        context.mutate(deleteTeam, { id: teamId }),
      ])
      const orphans = (await context.configured('budget')).filter(({ owner }) => owner.id === teamId)
      expect(orphans).toEqual([])
    }
  })

  it('two who set the first budget at once make one', async () => {
    const teamId = await newTeam('twice at once')
    const set = (limit: string) => context.mutate(setBudget, { owner: { teamId }, limit, period: 'DAY' })
    const [one, other] = await Promise.all([set('1'), set('2')])
    expect(one.id).toBe(other.id)
  })

  it('begin when their window says, by the calendar of a time zone or with the budget', async () => {
    const teamId = await newTeam('windows')
    const window = { timeZone: 'america/new_york', weekStartsOn: 'SUNDAY', fiscalYearStartsIn: 2 }
    const selection = `... on Budget {
      ${fields} version window { alignment timeZone weekStartsOn fiscalYearStartsIn }
    }`
    const quarterly = await context.mutate(
      { ...addBudget, selection },
      { owner: { teamId }, limit: '5', period: 'QUARTER', window },
    )
    expect(quarterly).toMatchObject({
      windowStart: '2026-02-01T05:00:00.000Z',
      resetsAt: '2026-05-01T04:00:00.000Z',
      window: { ...window, alignment: 'CALENDAR', timeZone: 'America/New_York' },
    })
    const rolling = await context.mutate(
      { ...updateBudget, selection },
      { id: quarterly.id, period: 'HOUR', window: { alignment: 'ROLLING' } },
    )
    expect(rolling).toMatchObject({
      windowStart: new Date(now).toISOString(),
      resetsAt: new Date(now + 3_600_000).toISOString(),
      window: { ...window, alignment: 'ROLLING', timeZone: 'America/New_York' },
    })
  })

  it.each([
    [{ timeZone: '+02:00' }, 'window.timeZone'],
    [{ timeZone: 'Mars/Olympus' }, 'window.timeZone'],
    [{ fiscalYearStartsIn: 13 }, 'window.fiscalYearStartsIn'],
  ])('refuse a window of %o by its field', async (window, field) => {
    const teamId = await newTeam(`refused ${JSON.stringify(window)}`)
    const refusal = await context.refusal(addBudget, { owner: { teamId }, limit: '5', period: 'DAY', window })
    expect(refusal).toContain(field)
  })
})
