import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { createProvider, createTeam, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const updateTeam: Mutation = {
  field: 'updateTeam',
  input: 'UpdateTeamInput',
  selection: '... on Team { id }',
}
const deleteTeam: Mutation = { field: 'deleteTeam', input: 'ByIdInput', selection: '... on Deleted { id }' }
const setSettings: Mutation = {
  ...{ field: 'updateClientConfiguration', input: 'UpdateClientConfigurationInput' },
  selection: '... on ClientConfiguration { version }',
}
const createRole: Mutation = {
  ...{ field: 'createRole', input: 'CreateRoleInput', selection: '... on Role { id }' },
}
const createUser: Mutation = {
  ...{ field: 'createUser', input: 'CreateUserInput', selection: '... on User { id }' },
}
const assignRole: Mutation = {
  ...{ field: 'assignRole', input: 'AssignRoleInput', selection: '... on RoleAssignment { id }' },
}
const setBudget: Mutation = {
  ...{ field: 'setBudget', input: 'SetBudgetInput', selection: '... on Budget { id }' },
}
const removeBudget: Mutation = { ...deleteTeam, field: 'removeBudget' }
const issueKey: Mutation = {
  field: 'issueVirtualKey',
  input: 'IssueVirtualKeyInput',
  selection: '... on IssuedVirtualKey { secret virtualKey { id } }',
}
const updateKey: Mutation = {
  field: 'updateVirtualKey',
  input: 'UpdateVirtualKeyInput',
  selection: '... on VirtualKey { id }',
}
const revokeKey: Mutation = {
  ...{ field: 'revokeVirtualKey', input: 'RevokeVirtualKeyInput', selection: '... on VirtualKey { id }' },
}
const addProviderKey: Mutation = {
  field: 'addProviderKey',
  input: 'AddProviderKeyInput',
  selection: '... on ProviderKey { id }',
}
const removeProviderKey: Mutation = {
  ...deleteTeam,
  field: 'removeProviderKey',
  input: 'RevocationInput',
}
const rollBack: Mutation = {
  field: 'rollBackConfiguration',
  input: 'RollBackConfigurationInput',
  selection: '... on RolledBackConfiguration { skipped revision { revision } }',
}

let api: TenantApi
beforeAll(async () => {
  api = await startTenantApi()
})
afterAll(() => api.close())

let names = 0
const newTeam = async (): Promise<string> => {
  const input = { workspaceId: api.tenant.workspaceId, name: `team ${++names}` }
  return (await api.mutate(createTeam, input)).id
}

async function newKey(teamId: string, providerConfigs: readonly object[] = []): Promise<string> {
  const input = {
    workspaceId: api.tenant.workspaceId,
    name: `key ${++names}`,
    owner: { teamId },
    providerConfigs,
  }
  const { virtualKey } = await api.mutate(issueKey, input)
  return (virtualKey as { id: string }).id
}

async function currentRevision(): Promise<number> {
  const { configuration } = await api.query<{ configuration: { revision: number } }>(
    '{ configuration { revision } }',
  )
  return configuration.revision
}

const documentsOf = async () => {
  const kinds = ['team', 'budget', 'provider', 'provider_key', 'model', 'virtual_key', 'user'] as const
  return Promise.all(kinds.map((kind) => api.configured(kind)))
}

interface Revision {
  readonly revision: number
  readonly actor: { readonly name: string } | null
  readonly changes: readonly {
    readonly kind: string
    readonly name: string | null
    readonly action: string
    readonly fields: readonly { readonly field: string; readonly old: unknown; readonly new: unknown }[]
  }[]
}

async function newest(first = 1, after?: string) {
  const { configurationRevisions } = await api.query<{
    configurationRevisions: {
      totalCount: number
      edges: readonly { readonly cursor: string; readonly node: Revision }[]
    }
  }>(
    `query($first: Int, $after: String) { configurationRevisions(first: $first, after: $after) { totalCount edges {
      cursor node { revision actor { name } changes { kind name action fields { field old new } } } } } }`,
    { first, after },
  )
  return configurationRevisions
}

describe('a revision', () => {
  it('says who changed what, from what to what', async () => {
    const id = await newTeam()
    await api.mutate(updateTeam, { id, name: 'renamed' })
    const [updated] = (await newest()).edges
    expect(updated?.node).toMatchObject({
      actor: { name: 'test' },
      changes: [
        {
          ...{ kind: 'team', name: 'renamed', action: 'UPDATED' },
          fields: [{ field: 'name', old: `team ${names}`, new: 'renamed' }],
        },
      ],
    })
    await api.mutate(deleteTeam, { id })
    expect((await newest()).edges[0]?.node.changes).toMatchObject([{ action: 'DELETED', name: 'renamed' }])
  })

  it('tells of a role once, by what it is, and of a user by which they have, while roles govern inference', async () => {
    await api.mutate(setSettings, { rolesGovernInference: true })
    const { id: roleId } = await api.mutate(createRole, { name: 'Chats', permissions: ['inference:chat'] })
    const [created] = (await newest()).edges
    expect(created?.node.changes).toMatchObject([{ kind: 'role', name: 'Chats', action: 'CREATED' }])
    const { id: userId } = await api.mutate(createUser, { name: 'Ada' })
    await api.mutate(assignRole, { userId, roleId })
    const [assigned] = (await newest()).edges
    expect(assigned?.node.changes).toMatchObject([
      { kind: 'user', action: 'UPDATED', fields: [{ field: `roles[${roleId}].id`, old: null, new: roleId }] },
    ])
    await api.mutate(setSettings, { rolesGovernInference: false })
  })

  it('never tells a secret, nor its digest', async () => {
    const id = await newKey(await newTeam())
    const text = JSON.stringify((await newest()).edges)
    const [key] = (await api.configured('virtual_key')).filter((entity) => entity.id === id)
    expect(key?.secretDigests[0]?.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(text).toContain('"field":"secret","old":null,"new":"hidden"')
    expect(text).not.toContain(key?.secretDigests[0]?.digest)
  })

  it('is listed newest first, page by page', async () => {
    const all = await newest(20)
    expect(all.edges.map(({ node }) => node.revision)).toEqual(
      all.edges.map(({ node }) => node.revision).toSorted((a, b) => b - a),
    )
    expect(all.totalCount).toBe(await currentRevision())
    const [first] = (await newest(1)).edges
    const [second] = (await newest(1, first?.cursor)).edges
    expect(second?.node.revision).toBe((first?.node.revision ?? 0) - 1)
  })

  it('is not for a token that is confined to a workspace', async () => {
    const { data } = await api.api.ask(
      api.tenant.token,
      `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`,
      { input: { name: 'confined', role: 'ADMIN', workspaceId: api.tenant.workspaceId } },
    )
    const { secret } = read<{ secret: string }>(data, 'issueApiToken')
    const { errors } = await api.api.ask(secret, '{ configurationRevisions { totalCount edges { cursor } } }')
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
  })
})

describe('a roll-back', () => {
  it('restores what was changed, created and deleted since, as a new revision', async () => {
    const [kept, deleted] = [await newTeam(), await newTeam()]
    const owner = { teamId: deleted }
    const { id: budgetId } = await api.mutate(setBudget, { owner, limit: '5000', period: 'MONTH' })
    const before = await documentsOf()
    const revision = await currentRevision()
    await api.mutate(updateTeam, { id: kept, name: 'elsewhere' })
    await api.mutate(removeBudget, { id: budgetId })
    await api.mutate(deleteTeam, { id: deleted })
    // The new one has taken the old one's name.
    await api.mutate(createTeam, { workspaceId: api.tenant.workspaceId, name: `team ${names}` })
    expect(await documentsOf()).not.toEqual(before)
    const last = await currentRevision()
    expect(await api.mutate(rollBack, { revision })).toMatchObject({
      skipped: [],
      revision: { revision: last + 1 },
    })
    expect(await documentsOf()).toEqual(before)
    const { team } = await api.query<{ team: object }>(
      'query($id: ID!) { team(id: $id) { name budget { limit period } } }',
      { id: deleted },
    )
    expect(team).toEqual({ name: `team ${names}`, budget: { limit: '5000', period: 'MONTH' } })
    expect(await api.audited('configuration.rolled_back')).toMatchObject({ restored: { revision } })
  })

  it('says nothing of users who only have other roles, which it leaves alone', async () => {
    const revision = await currentRevision()
    await api.mutate(setSettings, { rolesGovernInference: true })
    const { id: userId } = await api.mutate(createUser, { name: 'Grace' })
    await api.mutate(assignRole, { userId, roleId: 'role_developer' })
    const after = await currentRevision()
    const { id: kept } = await api.mutate(createUser, { name: 'Alan' })
    await api.mutate(assignRole, { userId, roleId: 'role_viewer' })
    await api.mutate(rollBack, { revision: after })
    const { changed } = (await api.audited('configuration.rolled_back')) as { changed: string[] }
    expect(changed).toEqual([`user/${kept}`])
    await api.mutate(rollBack, { revision })
  })

  it('undoes itself', async () => {
    const id = await newTeam()
    const revision = await currentRevision()
    await api.mutate(updateTeam, { id, name: 'for a moment' })
    const after = await documentsOf()
    const rolled = await api.mutate(rollBack, { revision })
    const middle = (rolled.revision as { revision: number }).revision - 1
    await api.mutate(rollBack, { revision: middle })
    expect(await documentsOf()).toEqual(after)
  })

  it('lets two things have each other’s names back', async () => {
    const [one, other] = [await newTeam(), await newTeam()]
    const names = ['first name', 'second name']
    await api.mutate(updateTeam, { id: one, name: names[0] })
    await api.mutate(updateTeam, { id: other, name: names[1] })
    const before = await documentsOf()
    const revision = await currentRevision()
    await api.mutate(updateTeam, { id: one, name: 'third name' })
    await api.mutate(updateTeam, { id: other, name: names[0] })
    await api.mutate(updateTeam, { id: one, name: names[1] })
    await api.mutate(rollBack, { revision })
    expect(await documentsOf()).toEqual(before)
  })

  it('switches a key off that was issued since, and keeps the secret of one that is there', async () => {
    const teamId = await newTeam()
    const present = await newKey(teamId)
    const revision = await currentRevision()
    await api.mutate(updateKey, { id: present, active: false })
    const fresh = await newKey(teamId)
    await api.mutate(rollBack, { revision })
    const keys = new Map((await api.configured('virtual_key')).map((key) => [key.id, key]))
    expect(keys.get(present)).toMatchObject({ status: 'active', secretDigests: [expect.anything()] })
    expect(keys.get(fresh)).toMatchObject({ status: 'inactive' })
    const { virtualKey } = await api.query<{ virtualKey: object }>(
      'query($id: ID!) { virtualKey(id: $id) { status } }',
      { id: fresh },
    )
    expect(virtualKey).toEqual({ status: 'INACTIVE' })
  })

  it('refuses by name what cannot come back, changing nothing, or goes on without it', async () => {
    const { id: providerId } = await api.mutate(createProvider, {
      ...{ name: `provider-${++names}`, baseUrl: 'https://api.example.com/v1' },
    })
    const secret = 'a-secret-of-a-provider'
    const { id: providerKeyId } = await api.mutate(addProviderKey, { providerId, name: 'gone', secret })
    const teamId = await newTeam()
    const keyId = await newKey(teamId)
    const revision = await currentRevision()
    await api.mutate(updateTeam, { id: teamId, name: 'changed' })
    await api.mutate(revokeKey, { id: keyId })
    await api.mutate(removeProviderKey, { id: providerKeyId })
    const last = await currentRevision()
    const refused = await api.mutate(rollBack, { revision })
    expect(refused.code).toBe('CANNOT_RESTORE')
    expect(refused.message).toContain(keyId)
    expect(refused.message).toContain(providerKeyId)
    expect(await currentRevision()).toBe(last)
    const rolled = await api.mutate(rollBack, { revision, skipUnrestorable: true })
    expect(rolled.skipped).toHaveLength(2)
    const teams = await api.configured('team')
    expect(teams.find(({ id }) => id === teamId)?.name).not.toBe('changed')
    const keys = await api.configured('virtual_key')
    expect(keys.find(({ id }) => id === keyId)?.status).toBe('revoked')
  })

  it('keeps what a key that was issued since is owned by, and says so', async () => {
    const revision = await currentRevision()
    const teamId = await newTeam()
    await newKey(teamId)
    expect((await api.mutate(rollBack, { revision })).message).toContain(teamId)
    const rolled = await api.mutate(rollBack, { revision, skipUnrestorable: true })
    expect(rolled.skipped).toEqual([expect.stringContaining(teamId)])
    expect((await api.configured('team')).some(({ id }) => id === teamId)).toBe(true)
  })

  it('names no revision that is not there, or is the present one', async () => {
    expect(await api.mutate(rollBack, { revision: 1_000_000 })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await api.refusal(rollBack, { revision: await currentRevision() })).toContain('an earlier one')
  })
})
