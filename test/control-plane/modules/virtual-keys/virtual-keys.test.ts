import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startApi, type Tenant, type TestApi } from '../../api.ts'

let api: TestApi
let tenant: Tenant
let now = Date.parse('2026-01-01T00:00:00Z')
let ids: { teamId: string; customerId: string; userId: string; providerId: string; providerKeyId: string }

beforeAll(async () => {
  api = await startApi({ now: () => now })
  tenant = await api.createTenant('Acme')
  const { workspaceId } = tenant
  const customerId = await create('createCustomer', 'Customer', { workspaceId, name: 'Customer' })
  const teamId = await create('createTeam', 'Team', { workspaceId, customerId, name: 'Team' })
  const userId = await create('createUser', 'User', { name: 'Ada', teamId })
  const providerId = await create('createProvider', 'Provider', {
    name: 'demo',
    baseUrl: 'https://example.com/v1',
  })
  const key = { providerId, name: 'main', secret: 'provider-secret-0123456789', weight: 1 }
  const providerKeyId = await create('addProviderKey', 'ProviderKey', key)
  ids = { teamId, customerId, userId, providerId, providerKeyId }
})
afterAll(() => api.close())

async function mutate(field: string, selection: string, input: object): Promise<Record<string, string>> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const query = `mutation($input: ${type}!) { ${field}(input: $input) { __typename ${selection} ... on Refusal { code message } } }`
  const { data, errors } = await api.ask(tenant.token, query, { input })
  if (!data) throw new Error(JSON.stringify(errors))
  return valueAt(data, field)
}

/** Each test knows the shape that its own query has. */
function valueAt<Shape>(data: Answer['data'], field: string): Shape {
  return data?.[field] as unknown as Shape
}

async function create(field: string, type: string, input: object): Promise<string> {
  const made = await mutate(field, `... on ${type} { id }`, input)
  if (made.id === undefined) throw new Error(`${field}: ${made.message}`)
  return made.id
}

const issuedSelection = '... on IssuedVirtualKey { secret virtualKey { id status } }'

function newKey(overrides: object = {}) {
  return {
    workspaceId: tenant.workspaceId,
    name: 'app',
    owner: { teamId: ids.teamId },
    providerConfigs: [{ providerId: ids.providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
    ...overrides,
  }
}

async function issue(overrides: object = {}): Promise<{ id: string; secret: string }> {
  const made = (await mutate('issueVirtualKey', issuedSelection, newKey(overrides))) as unknown as {
    secret: string
    virtualKey: { id: string }
  }
  return { id: made.virtualKey.id, secret: made.secret }
}

/** The key as data planes get it. */
async function published(id: string) {
  return api.controlPlane.database.transaction(tenant.organizationId, async (em) => {
    const rows = await em.execute<
      {
        document: {
          secretDigests: { digest: string; expiresAt: number | null }[]
          status: string
          providerConfigs: { id: string }[]
        }
      }[]
    >("select document from config_entities where kind = 'virtual_key' and id = ?", [id])
    const [row] = rows
    if (!row) throw new Error(`${id} is not published`)
    return row.document
  })
}

async function refusalOf(overrides: object): Promise<Answer['errors'][number] | undefined> {
  const query = `mutation($input: IssueVirtualKeyInput!) { issueVirtualKey(input: $input) { __typename } }`
  return (await api.ask(tenant.token, query, { input: newKey(overrides) })).errors[0]
}

describe('a secret', () => {
  it('has the form that a scanner knows, and is stored only as its digest', async () => {
    const { id, secret } = await issue()
    expect(secret).toMatch(/^sk-gh-[0-9A-Za-z]{49}$/)
    const digest = api.controlPlane.services.secrets.digestVirtualKey(secret)
    expect((await published(id)).secretDigests).toEqual([{ digest, expiresAt: null }])
    expect(JSON.stringify(await published(id))).not.toContain(secret)
  })

  it('is never shown again', async () => {
    const { data } = await api.ask(tenant.token, '{ __type(name: "VirtualKey") { fields { name } } }')
    const { fields } = valueAt<{ fields: { name: string }[] }>(data, '__type')
    expect(fields.map(({ name }) => name).filter((name) => /secret|digest/i.test(name))).toEqual([])
  })

  it('of another key cannot be imported, whether it is current or rotated out', async () => {
    const { id, secret } = await issue()
    const input = { ...newKey(), secret }
    expect(await mutate('importVirtualKey', '... on VirtualKey { id }', input)).toMatchObject({
      code: 'SECRET_TAKEN',
    })
    await mutate('rotateVirtualKey', issuedSelection, { id, overlapSeconds: 60 })
    expect(await mutate('importVirtualKey', '... on VirtualKey { id }', input)).toMatchObject({
      code: 'SECRET_TAKEN',
    })
  })

  it('of any printable text can be imported', async () => {
    const input = { ...newKey(), secret: 'sk-bf-0123456789abcdef' }
    const { id = '' } = await mutate('importVirtualKey', '... on VirtualKey { id }', input)
    const digest = api.controlPlane.services.secrets.digestVirtualKey('sk-bf-0123456789abcdef')
    expect((await published(id)).secretDigests).toEqual([{ digest, expiresAt: null }])
  })

  it.each(['short', `with space ${'x'.repeat(20)}`, `non-ascii-${'ä'.repeat(20)}`])(
    'that no header can carry is refused: %s',
    async (secret) => {
      const query =
        'mutation($input: ImportVirtualKeyInput!) { importVirtualKey(input: $input) { __typename } }'
      const { errors } = await api.ask(tenant.token, query, { input: { ...newKey(), secret } })
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'secret' })
      expect(errors[0]?.message).not.toContain(secret)
    },
  )
})

describe('a rotation', () => {
  it('lets the old secret work until the overlap ends, and no longer', async () => {
    const { id, secret } = await issue()
    const rotated = await mutate('rotateVirtualKey', issuedSelection, { id, overlapSeconds: 60 })
    const digestOf = (text: string) => api.controlPlane.services.secrets.digestVirtualKey(text)
    expect((await published(id)).secretDigests).toEqual([
      { digest: digestOf(rotated.secret ?? ''), expiresAt: null },
      { digest: digestOf(secret), expiresAt: now + 60_000 },
    ])
    await mutate('rotateVirtualKey', issuedSelection, { id, overlapSeconds: 0 })
    expect((await published(id)).secretDigests).toHaveLength(1)
  })
})

describe('revocation', () => {
  it('is final', async () => {
    const { id } = await issue()
    expect(await mutate('revokeVirtualKey', '... on VirtualKey { status }', { id })).toMatchObject({
      status: 'REVOKED',
    })
    expect((await published(id)).status).toBe('revoked')
    for (const [field, input] of [
      ['updateVirtualKey', { id, active: true }],
      ['rotateVirtualKey', { id, overlapSeconds: 0 }],
    ] as const) {
      expect(await mutate(field, '', input)).toMatchObject({ code: 'KEY_REVOKED' })
    }
  })
})

describe('provider configurations', () => {
  it('keep their id, and with it their budget, while their provider stays', async () => {
    const { id } = await issue()
    const before = (await published(id)).providerConfigs[0]?.id
    const providerConfigs = [
      { providerId: ids.providerId, weight: null, allowedModels: ['a'], providerKeyIds: [ids.providerKeyId] },
    ]
    await mutate('updateVirtualKey', '... on VirtualKey { id }', { id, providerConfigs })
    expect((await published(id)).providerConfigs).toEqual([{ id: before, ...providerConfigs[0] }])
    await mutate('updateVirtualKey', '... on VirtualKey { id }', { id, providerConfigs: [] })
    expect((await published(id)).providerConfigs).toEqual([])
  })

  it.each([
    ['a wildcard among names', { allowedModels: ['*', 'a'] }, 'providerConfigs[0].allowedModels'],
    ['a name twice', { allowedModels: ['a', 'a'] }, 'providerConfigs[0].allowedModels'],
    ['a weight of zero', { weight: 0 }, 'providerConfigs[0].weight'],
    ['a key of another provider', { providerKeyIds: ['pk_other'] }, 'providerConfigs[0].providerKeyIds'],
  ])('refuse %s, naming the field', async (_, wrong, field) => {
    const config = {
      providerId: ids.providerId,
      weight: 1,
      allowedModels: ['*'],
      providerKeyIds: ['*'],
      ...wrong,
    }
    expect((await refusalOf({ providerConfigs: [config] }))?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
    })
  })
})

describe('the owner', () => {
  it.each(['team', 'customer', 'user'] as const)('may be a %s', async (kind) => {
    const { id } = await issue({ owner: { [`${kind}Id`]: ids[`${kind}Id`] } })
    expect(await published(id)).toMatchObject({ owner: { kind, id: ids[`${kind}Id`] } })
  })

  it('must be exactly one', async () => {
    expect(await refusalOf({ owner: {} })).toBeDefined()
    expect(await refusalOf({ owner: { teamId: ids.teamId, userId: ids.userId } })).toBeDefined()
  })

  it('of another organization does not exist', async () => {
    const other = await api.createTenant('Other')
    const query = 'mutation($input: CreateTeamInput!) { createTeam(input: $input) { ... on Team { id } } }'
    const { data } = await api.ask(other.token, query, {
      input: { workspaceId: other.workspaceId, name: 'Theirs' },
    })
    const { id: foreign } = valueAt<{ id: string }>(data, 'createTeam')
    const refused = await mutate('issueVirtualKey', '', newKey({ owner: { teamId: foreign } }))
    const missing = await mutate('issueVirtualKey', '', newKey({ owner: { teamId: 'team_missing' } }))
    expect(refused).toEqual({ ...missing, message: missing.message?.replace('team_missing', foreign) })
  })
})

it('an expiry in the past is refused', async () => {
  const error = await refusalOf({ expiresAt: new Date(now - 1).toISOString() })
  expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'expiresAt' })
  now += 1
})
