import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

/** One thing of each kind in one organization, by the name of the field that finds it. */
type Things = Readonly<Record<string, string>>

async function create(
  api: TestApi,
  token: string,
  type: string,
  mutation: string,
  input: object,
): Promise<string> {
  const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
  const selection = type === 'IssuedVirtualKey' ? 'virtualKey { id }' : 'id'
  const { data, errors } = await api.ask(
    token,
    `mutation($input: ${inputType}!) { ${mutation}(input: $input) { ... on ${type} { ${selection} } ... on Refusal { message } } }`,
    { input },
  )
  expect(errors).toEqual([])
  const created = read<{ id?: string; virtualKey?: { id: string } }>(data, mutation)
  return created.id ?? created.virtualKey?.id ?? expect.fail(`${mutation}: ${JSON.stringify(created)}`)
}

async function furnish(api: TestApi, { token, workspaceId }: Tenant): Promise<Things> {
  const customer = await create(api, token, 'Customer', 'createCustomer', { workspaceId, name: 'Initech' })
  const businessUnit = await create(api, token, 'BusinessUnit', 'createBusinessUnit', {
    customerId: customer,
    name: 'Research',
  })
  const team = await create(api, token, 'Team', 'createTeam', {
    workspaceId,
    businessUnitId: businessUnit,
    name: 'Search',
  })
  const user = await create(api, token, 'User', 'createUser', { name: 'Peter', teamId: team })
  const provider = await create(api, token, 'Provider', 'createProvider', {
    name: 'demo',
    baseUrl: 'https://api.example.com/v1',
  })
  const virtualKey = await create(api, token, 'IssuedVirtualKey', 'issueVirtualKey', {
    workspaceId,
    name: 'backend',
    owner: { teamId: team },
    providerConfigs: [{ providerId: provider, allowedModels: ['*'], providerKeyIds: ['*'] }],
  })
  return { workspace: workspaceId, customer, businessUnit, team, user, provider, virtualKey }
}

describe.each([{ ormFilter: true }, { ormFilter: false }])(
  'two organizations, ormFilter: $ormFilter',
  (options) => {
    let api: TestApi
    let own: Tenant
    let ownThings: Things
    let foreignThings: Things

    beforeAll(async () => {
      api = await startApi(options)
      own = await api.createTenant('Own')
      ownThings = await furnish(api, own)
      foreignThings = await furnish(api, await api.createTenant('Foreign'))
    })

    afterAll(() => api.close())

    const absent = (id: string) => `${id.slice(0, id.indexOf('_'))}_01ARZ3NDEKTSV4RRFFQ69G5FAV`
    /** An answer without the id that was asked for. */
    const anonymous = (answer: unknown, id: string) => JSON.stringify(answer).replaceAll(id, '<id>')

    it.each(['workspace', 'customer', 'businessUnit', 'team', 'user', 'provider', 'virtualKey'])(
      'another organization’s %s reads like one that does not exist',
      async (field) => {
        const id = foreignThings[field] ?? ''
        const query = `query($id: ID!) { ${field}(id: $id) { id name } node(id: $id) { id } nodes(ids: [$id]) { id } }`
        const foreign = await api.ask(own.token, query, { id })
        const missing = await api.ask(own.token, query, { id: absent(id) })
        expect(foreign).toEqual(missing)
        expect(foreign).toEqual({
          status: 200,
          data: { [field]: null, node: null, nodes: [null] },
          errors: [],
        })
        const mine = await api.ask(own.token, query, { id: ownThings[field] })
        expect(mine.data).toMatchObject({ [field]: { id: ownThings[field] }, node: { id: ownThings[field] } })
      },
    )

    it.each([
      ['revokeVirtualKey', 'RevokeVirtualKeyInput', 'virtualKey', {}],
      ['rotateVirtualKey', 'RotateVirtualKeyInput', 'virtualKey', { overlapSeconds: 0 }],
      ['updateVirtualKey', 'UpdateVirtualKeyInput', 'virtualKey', { name: 'stolen' }],
      ['updateTeam', 'UpdateTeamInput', 'team', { name: 'stolen' }],
      ['deleteTeam', 'ByIdInput', 'team', {}],
      ['updateUser', 'UpdateUserInput', 'user', { name: 'stolen' }],
      ['deleteCustomer', 'ByIdInput', 'customer', {}],
      ['updateWorkspace', 'UpdateWorkspaceInput', 'workspace', { name: 'stolen' }],
    ])(
      '%s of another organization’s thing answers as for one that does not exist',
      async (mutation, type, field, rest) => {
        const id = foreignThings[field] ?? ''
        const document = `mutation($input: ${type}!) { ${mutation}(input: $input) { __typename ... on Refusal { code message } } }`
        const foreign = await api.ask(own.token, document, { input: { id, ...rest } })
        const missing = await api.ask(own.token, document, { input: { id: absent(id), ...rest } })
        expect(foreign.data).toMatchObject({ [mutation]: { __typename: 'NotFound', code: 'NOT_FOUND' } })
        expect(anonymous(foreign, id)).toBe(anonymous(missing, absent(id)))
      },
    )

    it('a walk from a team and a reference to another organization’s things find nothing', async () => {
      const { data } = await api.ask(
        own.token,
        '{ teams { totalCount edges { node { virtualKeys { edges { node { id } } } } } } virtualKeys { totalCount } }',
      )
      expect(data).toEqual({
        teams: {
          totalCount: 1,
          edges: [{ node: { virtualKeys: { edges: [{ node: { id: ownThings.virtualKey } }] } } }],
        },
        virtualKeys: { totalCount: 1 },
      })
      const document = `mutation($input: IssueVirtualKeyInput!) { issueVirtualKey(input: $input) { __typename ... on Refusal { message } } }`
      const input = {
        workspaceId: own.workspaceId,
        name: 'thief',
        owner: { teamId: foreignThings.team },
        providerConfigs: [],
      }
      expect((await api.ask(own.token, document, { input })).data).toMatchObject({
        issueVirtualKey: { __typename: 'NotFound' },
      })
    })

    it('a token that is confined to a workspace sees and changes nothing of another one', async () => {
      const workspaceId = await create(api, own.token, 'Workspace', 'createWorkspace', {
        name: `second ${options.ormFilter}`,
      })
      const issue = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`
      const { data } = await api.ask(own.token, issue, {
        input: { name: 'confined', role: 'ADMIN', workspaceId },
      })
      const { secret } = read<{ secret: string }>(data, 'issueApiToken')
      const seen = await api.ask(
        secret,
        'query($id: ID!) { virtualKey(id: $id) { id } virtualKeys { totalCount } teams { totalCount } }',
        { id: ownThings.virtualKey },
      )
      expect(seen.data).toEqual({
        virtualKey: null,
        virtualKeys: { totalCount: 0 },
        teams: { totalCount: 0 },
      })
      const revoke = 'mutation($id: ID!) { revokeVirtualKey(input: { id: $id }) { __typename } }'
      expect((await api.ask(secret, revoke, { id: ownThings.virtualKey })).data).toEqual({
        revokeVirtualKey: { __typename: 'NotFound' },
      })
      const organizationWide = await api.ask(
        secret,
        'mutation { createWorkspace(input: { name: "third" }) { __typename } }',
      )
      expect(organizationWide.errors[0]?.extensions.code).toBe('FORBIDDEN')
    })
  },
)
