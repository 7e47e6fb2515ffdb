import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mutation, Result } from '../tenant-api.ts'
import { KeyApi } from '../virtual-keys/key-api.ts'
import { assignRole, type RoleApi, startRoleApi } from './role-api.ts'

let clock = Date.parse('2030-01-01T00:00:00Z')
const day = 86_400_000
const inDays = (days: number) => new Date(clock + days * day)

const createProfile: Mutation = {
  field: 'createAccessProfile',
  input: 'CreateAccessProfileInput',
  selection: '... on AccessProfile { id }',
}
const updateProfile: Mutation = {
  field: 'updateAccessProfile',
  input: 'UpdateAccessProfileInput',
  selection: '... on AccessProfile { id }',
}
const updateKey: Mutation = {
  field: 'updateVirtualKey',
  input: 'UpdateVirtualKeyInput',
  selection: '... on VirtualKey { id }',
}
const revokeKey: Mutation = {
  field: 'revokeVirtualKey',
  input: 'RevokeVirtualKeyInput',
  selection: '... on VirtualKey { id }',
}
const byId = (field: string, type: string): Mutation => ({
  field,
  input: 'ByIdInput',
  selection: `... on ${type} { id }`,
})
const assign: Mutation = {
  ...assignRole,
  selection: '... on RoleAssignment { id virtualKey { id } issuedKey { secret virtualKey { id } } }',
}

interface Assigned extends Result {
  readonly virtualKey: { readonly id: string } | null
  readonly issuedKey: { readonly secret: string; readonly virtualKey: { readonly id: string } } | null
}

let acme: RoleApi
let keys: KeyApi
let profile: string
let roleId: string

beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
  keys = await KeyApi.start(acme)
  const terms = { name: 'analysts', expiresIn: 'MONTH', budgets: [{ limit: '100', period: 'DAY' }] }
  profile = (await acme.mutate(createProfile, { ...terms, providerConfigs: [keys.config()] })).id
  roleId = (await acme.createRole({ name: 'Analyst', permissions: ['usage:view'], accessProfileId: profile }))
    .id
})
afterAll(() => acme.close())

let people = 0
const newUser = () => acme.createUser({ name: `person ${++people}`, email: `p${people}@example.com` })
const give = async (userId: string, input: object = {}) =>
  (await acme.mutate(assign, { userId, roleId, ...input })) as Assigned
const keyOf = async ({ virtualKey }: Assigned) => keys.told(virtualKey?.id ?? '')

describe('a role with an access profile [X0-29]', () => {
  it('gives everybody who gets it a key with counters of its own', async () => {
    const [alice, bob] = [await newUser(), await newUser()]
    const [first, second] = [await give(alice), await give(bob)]
    expect(first.issuedKey).toMatchObject({ secret: expect.stringMatching(/^sk-gh-/) })
    expect(await keyOf(first)).toMatchObject({
      ...{ status: 'active', owner: { kind: 'user', id: alice } },
      providerConfigs: [{ providerId: keys.providerId, allowedModels: ['small'] }],
      expiresAt: inDays(30).getTime(),
    })
    const budgets = (await acme.configured('budget')).filter(({ owner }) =>
      [first, second].some(({ virtualKey }) => owner.id === virtualKey?.id),
    )
    expect(budgets.map(({ limitNanoUsd }) => limitNanoUsd)).toEqual(['100', '100'])
  })

  it('of whose keys the profile decides', async () => {
    const { virtualKey } = await give(await newUser())
    const refused = await acme.mutate(updateKey, { id: virtualKey?.id, providerConfigs: [] })
    expect(refused).toMatchObject({ code: 'PROFILE_MANAGED' })
    await acme.mutate(updateProfile, { id: profile, budgets: [{ limit: '50', period: 'DAY' }] })
    const budgets = await acme.configured('budget')
    expect(budgets.find(({ owner }) => owner.id === virtualKey?.id)).toMatchObject({ limitNanoUsd: '50' })
  })

  it('gives one key, which lives as long as the role is had, and shows its secret once', async () => {
    const userId = await newUser()
    const first = await give(userId, { expiresAt: inDays(2).toISOString() })
    expect(await keyOf(first)).toMatchObject({ expiresAt: inDays(2).getTime() })
    clock += day
    const again = await give(userId, { expiresAt: inDays(3).toISOString() })
    expect(again).toMatchObject({ virtualKey: first.virtualKey, issuedKey: null })
    expect(await keyOf(again)).toMatchObject({ status: 'active', expiresAt: inDays(3).getTime() })
    await acme.mutate(byId('removeRoleAssignment', 'Deleted'), { id: first.id })
    expect(await keyOf(first)).toMatchObject({ status: 'revoked' })
  })

  it.each(['OWN', 'TEAM'])('is taken with its key by whoever sees %s rows alone', async (rowScope) => {
    const taker = { name: `takes ${rowScope}`, permissions: ['roles:assign', 'virtual_keys:view'], rowScope }
    const { id: takerId } = await acme.createRole(taker)
    const userId = await newUser()
    await acme.assign({ userId, roleId: takerId })
    const token = await acme.issue({ roleId: takerId, userId })
    const given = await give(await newUser())
    const seen = '{ virtualKeys { totalCount } }'
    expect((await acme.api.ask(token, seen)).data).toEqual({ virtualKeys: { totalCount: 0 } })
    const { result } = await acme.mutateAs(token, byId('removeRoleAssignment', 'Deleted'), { id: given.id })
    expect(result).toMatchObject({ id: given.id })
    expect(await keyOf(given)).toMatchObject({ status: 'revoked' })
    const query = 'query($id: ID!) { virtualKey(id: $id) { status } }'
    expect(await acme.query(query, { id: given.virtualKey?.id })).toEqual({
      virtualKey: { status: 'REVOKED' },
    })
    expect((await acme.api.ask(token, seen)).data).toEqual({ virtualKeys: { totalCount: 0 } })
  })

  it('does not bring back a key that was revoked', async () => {
    const userId = await newUser()
    const first = await give(userId)
    await acme.mutate(revokeKey, { id: first.virtualKey?.id })
    expect(await give(userId)).toMatchObject({ virtualKey: first.virtualKey, issuedKey: null })
    expect(await keyOf(first)).toMatchObject({ status: 'revoked' })
  })

  it('is given only by whoever may create keys, and holds its profile', async () => {
    const permissions = ['roles:assign', 'usage:view']
    const { id } = await acme.createRole({ name: 'Assigner', permissions })
    const token = await acme.issue({ roleId: id })
    const { errors } = await acme.mutateAs(token, assign, { userId: await newUser(), roleId })
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    expect(errors[0]?.message).toContain('virtual_keys:create')
    const other = { name: 'held', providerConfigs: [] }
    const { id: held } = await acme.mutate(createProfile, other)
    await acme.createRole({ name: 'Holder', accessProfileId: held })
    const refused = await acme.mutate(byId('deleteAccessProfile', 'Deleted'), { id: held })
    expect(refused).toMatchObject({ code: 'IN_USE' })
  })

  it('asks where the key is to live when that is not clear, and stays within its reach', async () => {
    const create: Mutation = {
      field: 'createWorkspace',
      input: 'CreateWorkspaceInput',
      selection: '... on Workspace { id }',
    }
    const { id: second } = await acme.mutate(create, { name: 'second' })
    expect(await acme.refusal(assign, { userId: await newUser(), roleId })).toMatch(/^workspaceId: is needed/)
    const { id: narrow } = await acme.createRole({
      ...{ name: 'Narrow', accessProfileId: profile, workspaceIds: [second] },
    })
    const outside = { userId: await newUser(), roleId: narrow, workspaceId: acme.tenant.workspaceId }
    expect(await acme.refusal(assign, outside)).toMatch(/^workspaceId: is none/)
    const { id: plain } = await acme.createRole({ name: 'Plain' })
    expect(await acme.refusal(assign, { ...outside, roleId: plain })).toMatch(/^workspaceId: is for a role/)
    const inside = await give(outside.userId, { roleId: narrow })
    const query = 'query($id: ID!) { virtualKey(id: $id) { workspace { id } } }'
    expect(await acme.query(query, { id: inside.virtualKey?.id })).toEqual({
      virtualKey: { workspace: { id: second } },
    })
  })
})
