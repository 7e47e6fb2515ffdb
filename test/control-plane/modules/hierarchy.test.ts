import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
})

afterAll(() => api.close())

interface Made {
  readonly __typename: string
  readonly id?: string
  readonly code?: string
}

async function mutate(mutation: string, inputType: string, input: object): Promise<Made> {
  const made = mutation.startsWith('delete') ? 'Deleted' : 'Node'
  const document = `mutation($input: ${inputType}!) { ${mutation}(input: $input) {
    __typename ... on ${made} { id } ... on Refusal { code message } } }`
  const { data, errors } = await api.ask(tenant.token, document, { input })
  expect(errors).toEqual([])
  return read<Made>(data, mutation)
}

const createCustomer = (name: string) =>
  mutate('createCustomer', 'CreateCustomerInput', { workspaceId: tenant.workspaceId, name })
const createTeam = (input: object) =>
  mutate('createTeam', 'CreateTeamInput', { workspaceId: tenant.workspaceId, ...input })

async function revision(): Promise<number> {
  const { data } = await api.ask(tenant.token, '{ configuration { revision } }')
  return read<{ revision: number }>(data, 'configuration').revision
}

describe('a mutation', () => {
  it('writes its audit event and the next revision in its own transaction', async () => {
    const before = await revision()
    const { id } = await createCustomer('Audited')
    expect(await revision()).toBe(before + 1)
    const { data } = await api.ask(
      tenant.token,
      'query($id: ID!) { auditEvents(filter: { subjectId: $id }) { edges { node { type actor { kind name } outcome details } } } }',
      { id },
    )
    expect(data).toMatchObject({
      auditEvents: {
        edges: [
          {
            node: {
              type: 'customer.created',
              actor: { kind: 'api_token', name: 'test' },
              outcome: 'succeeded',
              details: { name: 'Audited' },
            },
          },
        ],
      },
    })
  })

  it('that is refused leaves neither event nor revision', async () => {
    await createCustomer('Twice')
    const before = await revision()
    const events = '{ auditEvents { totalCount } }'
    const { data } = await api.ask(tenant.token, events)
    expect(await createCustomer('Twice')).toMatchObject({ __typename: 'NameTaken', code: 'NAME_TAKEN' })
    expect(await revision()).toBe(before)
    expect((await api.ask(tenant.token, events)).data).toEqual(data)
  })
})

describe('the hierarchy', () => {
  it('a team below a business unit stands below its customer too', async () => {
    const { id: customerId } = await createCustomer('Initech')
    const { id: businessUnitId } = await mutate('createBusinessUnit', 'CreateBusinessUnitInput', {
      customerId,
      name: 'Research',
    })
    const { id } = await createTeam({ name: 'Search', businessUnitId })
    const query =
      'query($id: ID!) { team(id: $id) { customer { id } businessUnit { id customer { name } } } }'
    expect((await api.ask(tenant.token, query, { id })).data).toEqual({
      team: {
        customer: { id: customerId },
        businessUnit: { id: businessUnitId, customer: { name: 'Initech' } },
      },
    })
  })

  it('what others depend on is not deleted, and goes once they are gone', async () => {
    const { id: customerId } = await createCustomer('Used')
    const { id: teamId } = await createTeam({ name: 'Depends', customerId })
    expect(await mutate('deleteCustomer', 'ByIdInput', { id: customerId })).toMatchObject({ code: 'IN_USE' })
    expect(await mutate('deleteTeam', 'ByIdInput', { id: teamId })).toMatchObject({ __typename: 'Deleted' })
    expect(await mutate('deleteCustomer', 'ByIdInput', { id: customerId })).toMatchObject({
      __typename: 'Deleted',
    })
    expect(await mutate('deleteCustomer', 'ByIdInput', { id: customerId })).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('with a budget and a limit of its own, a thing takes them along when it is deleted', async () => {
    const { id } = await createTeam({ name: 'Budgeted' })
    await mutate('setBudget', 'SetBudgetInput', {
      owner: { teamId: id },
      limit: '5000000000',
      period: 'MONTH',
    })
    await mutate('setRequestLimit', 'SetRequestLimitInput', {
      owner: { teamId: id },
      maxRequests: 5,
      windowSeconds: 60,
    })
    const documents = () =>
      api.controlPlane.database.transaction(tenant.organizationId, (em) =>
        em.execute<{ kind: string }[]>(
          `select kind from config_entities where document->'owner'->>'id' = ?`,
          [id],
        ),
      )
    expect((await documents()).map(({ kind }) => kind).sort()).toEqual(['budget', 'request_limit'])
    await mutate('deleteTeam', 'ByIdInput', { id })
    expect(await documents()).toEqual([])
  })
})

describe('a list', () => {
  it('pages through everything once, in both directions', async () => {
    const other = await api.createTenant('Paged')
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) {
      await api.ask(
        other.token,
        'mutation($input: CreateTeamInput!) { createTeam(input: $input) { __typename } }',
        {
          input: { workspaceId: other.workspaceId, name },
        },
      )
    }
    const walk = async (size: string, cursor: string, cursorOf: string, more: string) => {
      const seen: string[][] = []
      let from: string | null = null
      do {
        const { data } = await api.ask(
          other.token,
          `query($from: String) { teams(${size}: 2, ${cursor}: $from) { totalCount pageInfo { ${cursorOf} ${more} } edges { node { name } } } }`,
          { from },
        )
        const page = read<{
          totalCount: number
          pageInfo: Record<string, string | boolean>
          edges: { node: { name: string } }[]
        }>(data, 'teams')
        expect(page.totalCount).toBe(names.length)
        seen.push(page.edges.map(({ node }) => node.name))
        from = page.pageInfo[more] === true ? String(page.pageInfo[cursorOf]) : null
      } while (from !== null && seen.length < names.length)
      return seen
    }
    expect(await walk('first', 'after', 'endCursor', 'hasNextPage')).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(await walk('last', 'before', 'startCursor', 'hasPreviousPage')).toEqual([
      ['d', 'e'],
      ['b', 'c'],
      ['a'],
    ])
  })

  it('asks for the parents of all its rows at once', async () => {
    const other = await api.createTenant('Batched')
    const create = 'mutation($input: CreateTeamInput!) { createTeam(input: $input) { __typename } }'
    const spy = vi.spyOn(api.controlPlane.services.database, 'transaction')
    const transactionsFor = async () => {
      spy.mockClear()
      await api.ask(other.token, '{ teams { edges { node { workspace { name } } } } }')
      // The loops of the control plane read too, but for no actor.
      return spy.mock.calls.filter(([id, , options]) => id === other.organizationId && options).length
    }
    await api.ask(other.token, create, { input: { workspaceId: other.workspaceId, name: 'one' } })
    const forOne = await transactionsFor()
    for (const name of ['two', 'three', 'four']) {
      await api.ask(other.token, create, { input: { workspaceId: other.workspaceId, name } })
    }
    expect(await transactionsFor()).toBe(forOne)
    spy.mockRestore()
  })
})

describe('API tokens', () => {
  it('the secret of a token is in no column', async () => {
    const { data } = await api.ask(
      tenant.token,
      'mutation { issueApiToken(input: { name: "canary", role: ADMIN }) { ... on IssuedApiToken { secret } } }',
    )
    const [, , , secret = ''] = read<{ secret: string }>(data, 'issueApiToken').secret.split('.')
    expect(secret).toHaveLength(43)
    const stored = await api.controlPlane.database.transaction(tenant.organizationId, async (em) => [
      await em.execute<object[]>('select * from api_tokens'),
      await em.execute<object[]>('select * from audit_events'),
    ])
    expect(JSON.stringify(stored)).toContain('canary')
    expect(JSON.stringify(stored)).not.toContain(secret)
  })
})
