import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../api.ts'
import { createProvider, createTeam, type Mutation, startTenantApi, type TenantApi } from './tenant-api.ts'

let api: TenantApi
let nowMs = Date.now()
beforeAll(async () => {
  api = await startTenantApi({ now: () => nowMs })
})
afterAll(() => api.close())

const versioned = (field: string, input: string, type: string): Mutation => ({
  field,
  input,
  selection: `... on ${type} { id version }`,
})
const updateTeam = versioned('updateTeam', 'UpdateTeamInput', 'Team')
const updateKey = versioned('updateVirtualKey', 'UpdateVirtualKeyInput', 'VirtualKey')
const issueKey: Mutation = {
  field: 'issueVirtualKey',
  input: 'IssueVirtualKeyInput',
  selection: '... on IssuedVirtualKey { secret virtualKey { id version } } ... on AlreadyIssued { id }',
}
const issueToken: Mutation = {
  field: 'issueApiToken',
  input: 'IssueApiTokenInput',
  selection: '... on IssuedApiToken { secret apiToken { id } } ... on AlreadyIssued { id }',
}

const teamInput = (name: string) => ({ workspaceId: api.tenant.workspaceId, name })
const countTeams = async () =>
  (await api.query<{ teams: { totalCount: number } }>('{ teams { totalCount } }')).teams.totalCount

describe('an update', () => {
  it('is refused when somebody else was faster, and says what the version is', async () => {
    const { id } = await api.mutate(createTeam, teamInput('versioned'))
    expect(await api.mutate(updateTeam, { id, name: 'first', expectedVersion: 1 })).toMatchObject({
      version: 2,
    })
    const refused = await api.mutate(updateTeam, { id, name: 'second', expectedVersion: 1 })
    expect(refused).toMatchObject({ __typename: 'StaleUpdate', code: 'STALE_UPDATE' })
    expect(refused.message).toContain('at version 2 and not 1')
    expect(await api.mutate(updateTeam, { id, name: 'third' })).toMatchObject({ version: 3 })
  })

  it('of two at once that expect the same version, one is done', async () => {
    const { id } = await api.mutate(createTeam, teamInput('contested'))
    const results = await Promise.all(
      ['one', 'two', 'three', 'four'].map((name) => api.mutate(updateTeam, { id, name, expectedVersion: 1 })),
    )
    expect(results.filter(({ code }) => code === undefined)).toHaveLength(1)
    expect(results.filter(({ code }) => code === 'STALE_UPDATE')).toHaveLength(3)
  })

  it('of a key’s providers raises the key’s version', async () => {
    const { id: teamId } = await api.mutate(createTeam, teamInput('of keys'))
    const { id: providerId } = await api.mutate(createProvider, {
      ...{ name: 'of-keys', baseUrl: 'https://api.example.com/v1' },
    })
    const input = { workspaceId: api.tenant.workspaceId, name: 'key', owner: { teamId }, providerConfigs: [] }
    const { virtualKey } = await api.mutate(issueKey, input)
    const { id, version } = virtualKey as { id: string; version: number }
    const providerConfigs = [{ providerId, allowedModels: ['*'], providerKeyIds: ['*'] }]
    const updated = await api.mutate(updateKey, { id, providerConfigs, expectedVersion: version })
    expect(updated.version).toBeGreaterThan(version)
    const stale = await api.mutate(updateKey, { id, name: 'late', expectedVersion: version })
    expect(stale).toMatchObject({ code: 'STALE_UPDATE' })
  })
})

describe('an idempotency key', () => {
  it('creates once, however often and however many at once it is sent', async () => {
    const before = await countTeams()
    const input = { ...teamInput('once'), idempotencyKey: 'key-1' }
    const results = await Promise.all([1, 2, 3, 4].map(() => api.mutate(createTeam, input)))
    const later = await api.mutate(createTeam, input)
    expect(new Set([...results, later].map(({ id }) => id)).size).toBe(1)
    expect(await countTeams()).toBe(before + 1)
  })

  it('is refused with another input, and for another mutation', async () => {
    await api.mutate(createTeam, { ...teamInput('mine'), idempotencyKey: 'key-2' })
    const other = await api.mutate(createTeam, { ...teamInput('other'), idempotencyKey: 'key-2' })
    expect(other).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    const provider = { name: 'reused', baseUrl: 'https://api.example.com/v1', idempotencyKey: 'key-2' }
    expect(await api.mutate(createProvider, provider)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  it('is free again after a refusal, and after 24 hours', async () => {
    await api.mutate(createTeam, teamInput('taken'))
    const refused = await api.mutate(createTeam, { ...teamInput('taken'), idempotencyKey: 'key-3' })
    expect(refused.code).toBe('NAME_TAKEN')
    const free = await api.mutate(createTeam, { ...teamInput('free'), idempotencyKey: 'key-3' })
    expect(free.code).toBeUndefined()
    nowMs += 24 * 3_600_000 + 1_000
    const later = await api.mutate(createTeam, { ...teamInput('a day later'), idempotencyKey: 'key-3' })
    expect(later.code).toBeUndefined()
    expect(later.id).not.toBe(free.id)
  })

  it('shows a secret once: a repetition says what was issued, and nothing of the secret is stored', async () => {
    const { id: teamId } = await api.mutate(createTeam, teamInput('issuing'))
    const place = { workspaceId: api.tenant.workspaceId, owner: { teamId }, providerConfigs: [] }
    const input = { ...place, name: 'issued once', idempotencyKey: 'key-4' }
    const first = await api.mutate(issueKey, input)
    const { id } = first.virtualKey as { id: string }
    expect(await api.mutate(issueKey, input)).toEqual({
      ...{ __typename: 'AlreadyIssued', id, code: 'ALREADY_ISSUED', message: expect.stringContaining(id) },
    })
    const token = { name: 'issued once', role: 'VIEWER', idempotencyKey: 'key-5' }
    const issued = await api.mutate(issueToken, token)
    expect(await api.mutate(issueToken, token)).toMatchObject({ code: 'ALREADY_ISSUED' })
    const stored = await api.api.controlPlane.database.transaction(api.tenant.organizationId, (em) =>
      em.execute('select to_jsonb(kept)::text as text from idempotency_keys kept'),
    )
    for (const secret of [first.secret, issued.secret]) {
      expect(JSON.stringify(stored)).not.toContain(String(secret).slice(-20))
    }
  })

  it('belongs to whoever sent it', async () => {
    const issue =
      'mutation { issueApiToken(input: { name: "b", role: ADMIN }) { ... on IssuedApiToken { secret } } }'
    const { data } = await api.api.ask(api.tenant.token, issue)
    const { secret } = read<{ secret: string }>(data, 'issueApiToken')
    const create = `mutation($input: CreateTeamInput!) { createTeam(input: $input) { __typename ... on Team { id } } }`
    const mine = { input: { ...teamInput('same key, mine'), idempotencyKey: 'key-6' } }
    const theirs = { input: { ...teamInput('same key, theirs'), idempotencyKey: 'key-6' } }
    const answers = [
      await api.api.ask(api.tenant.token, create, mine),
      await api.api.ask(secret, create, theirs),
    ]
    expect(
      answers.map((answer) => read<{ __typename: string }>(answer.data, 'createTeam').__typename),
    ).toEqual(['Team', 'Team'])
  })
})
