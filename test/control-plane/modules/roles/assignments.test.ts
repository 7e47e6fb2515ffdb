import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import type { Mutation } from '../tenant-api.ts'
import {
  assignRole,
  createRole,
  deleteRole,
  issueApiToken,
  type RoleApi,
  startRoleApi,
  updateRole,
} from './role-api.ts'

let clock = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
const inHours = (hours: number) => new Date(clock + hours * hour).toISOString()

let acme: RoleApi
let roleId: string
let userId: string

const removeAssignment: Mutation = {
  field: 'removeRoleAssignment',
  input: 'ByIdInput',
  selection: '... on Deleted { id }',
}
const updateUser: Mutation = {
  field: 'updateUser',
  input: 'UpdateUserInput',
  selection: '... on User { active }',
}
const revokeApiToken: Mutation = {
  field: 'revokeApiToken',
  input: 'ByIdInput',
  selection: '... on ApiToken { id }',
}

beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
  roleId = (await acme.createRole({ name: 'Reader', permissions: ['teams:view', 'users:view'] })).id
  userId = await acme.createUser({ name: 'Alice' })
})

afterAll(() => acme.close())

describe('a token that stands for a user', () => {
  it('is issued only with what a role of theirs gives', async () => {
    const input = { name: 'mine', roleId, userId }
    expect(await acme.mutate(issueApiToken, input)).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    const { id } = await acme.assign({ userId, roleId })
    expect(await acme.permissionsOf(await acme.issue(input))).toEqual(['teams:view', 'users:view'])
    await acme.mutate(removeAssignment, { id })
  })

  it('loses at the next request what an ended assignment gave [X3-05]', async () => {
    const { id: narrow } = await acme.createRole({ name: 'Teams', permissions: ['teams:view'] })
    await acme.assign({ userId, roleId: narrow })
    await acme.assign({ userId, roleId, expiresAt: inHours(1) })
    const token = await acme.issue({ roleId, userId })
    expect(await acme.permissionsOf(token)).toEqual(['teams:view', 'users:view'])
    clock += hour
    expect(await acme.permissionsOf(token)).toEqual(['teams:view'])
  })

  it('loses at the next request what was taken from its user', async () => {
    const { id } = await acme.assign({ userId, roleId })
    const token = await acme.issue({ roleId, userId })
    await acme.mutate(removeAssignment, { id })
    expect(await acme.permissionsOf(token)).not.toContain('users:view')
  })

  it('never gains what its user has but its role does not', async () => {
    const { id: narrow } = await acme.createRole({ name: 'Models', permissions: ['models:view'] })
    await acme.assign({ userId, roleId: narrow })
    await acme.assign({ userId, roleId: 'role_admin' })
    expect(await acme.permissionsOf(await acme.issue({ roleId: narrow, userId }))).toEqual(['models:view'])
  })

  it('does not work while its user is inactive, and ends with its user', async () => {
    const bob = await acme.createUser({ name: 'Bob' })
    await acme.assign({ userId: bob, roleId })
    const token = await acme.issue({ roleId, userId: bob })
    const status = async () => (await acme.api.ask(token, '{ viewer { id } }')).status
    expect(await status()).toBe(200)
    await acme.mutate(updateUser, { id: bob, active: false })
    expect(await status()).toBe(401)
    expect(await acme.refusal(issueApiToken, { name: 'no', roleId, userId: bob })).toMatch(/^userId: /)
    await acme.mutate(updateUser, { id: bob, active: true })
    expect(await status()).toBe(200)
    await acme.mutate(
      { field: 'deleteUser', input: 'ByIdInput', selection: '... on Deleted { id }' },
      { id: bob },
    )
    expect(await status()).toBe(401)
  })
})

describe('an assignment', () => {
  it('is listed with its user and renewed by assigning again', async () => {
    const carol = await acme.createUser({ name: 'Carol' })
    const { id } = await acme.assign({ userId: carol, roleId, expiresAt: inHours(2) })
    expect(await acme.assign({ userId: carol, roleId })).toMatchObject({ id, expiresAt: null })
    const query = 'query($id: ID!) { user(id: $id) { roleAssignments { id expiresAt role { id } } } }'
    expect(await acme.query(query, { id: carol })).toEqual({
      user: { roleAssignments: [{ id, expiresAt: null, role: { id: roleId } }] },
    })
    expect(await acme.audited('role.assigned')).toMatchObject({ userId: carol, roleId, expiresAt: null })
  })

  it('names what exists and ends in the future', async () => {
    expect(await acme.assign({ userId: 'usr_0', roleId })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await acme.assign({ userId, roleId: 'role_0' })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await acme.refusal(assignRole, { userId, roleId, expiresAt: inHours(-1) })).toMatch(/^expiresAt: /)
  })

  it('gives nobody what its giver lacks', async () => {
    const { id } = await acme.createRole({ name: 'Assigner', permissions: ['roles:assign', 'teams:view'] })
    const token = await acme.issue({ roleId: id })
    const { result } = await acme.mutateAs(token, assignRole, { userId, roleId })
    expect(result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: ['users:view'] })
  })
})

describe('whoever has rights for a time', () => {
  it('gives them for no longer', async () => {
    const token = await acme.issue({ role: 'ADMIN', expiresAt: inHours(3) })
    for (const expiresAt of [null, inHours(4)]) {
      const issued = await acme.mutateAs(token, issueApiToken, { name: 'later', role: 'VIEWER', expiresAt })
      expect(issued.result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: [] })
      const assigned = await acme.mutateAs(token, assignRole, { userId, roleId, expiresAt })
      expect(assigned.result.code).toBe('RIGHTS_EXCEEDED')
    }
    const within = { name: 'sooner', role: 'VIEWER', expiresAt: inHours(3) }
    expect((await acme.mutateAs(token, issueApiToken, within)).result.secret).toBeDefined()
  })

  it('gives them for no longer when an assignment is what ends', async () => {
    const dave = await acme.createUser({ name: 'Dave' })
    await acme.assign({ userId: dave, roleId: 'role_admin', expiresAt: inHours(1) })
    const token = await acme.issue({ role: 'ADMIN', userId: dave })
    const lasting = await acme.mutateAs(token, issueApiToken, { name: 'lasting', role: 'ADMIN' })
    expect(lasting.result.code).toBe('RIGHTS_EXCEEDED')
  })

  it('adds them to no role that there is, itself or by what it inherits', async () => {
    const mallory = await acme.createUser({ name: 'Mallory' })
    const { id: own } = await acme.createRole({ name: 'Operations', permissions: ['teams:view'] })
    await acme.assign({ userId: mallory, roleId: own })
    await acme.assign({ userId: mallory, roleId: 'role_admin', expiresAt: inHours(1) })
    const token = await acme.issue({ role: 'ADMIN', userId: mallory })
    const mutate = async (mutation: Mutation, input: object) =>
      (await acme.mutateAs(token, mutation, input)).result
    const refused = {
      code: 'RIGHTS_EXCEEDED',
      message: expect.stringContaining('when your own rights end'),
      missingPermissions: [],
    }
    expect(await mutate(updateRole, { id: own, permissions: ['*'] })).toMatchObject(refused)
    // Nobody has a new one, and nobody gets it either.
    const { id: made } = await mutate(createRole, { name: 'All of it', permissions: ['*'] })
    expect(await mutate(updateRole, { id: own, inheritedRoleIds: [made] })).toMatchObject(refused)
    expect(await mutate(assignRole, { userId: mallory, roleId: made })).toMatchObject(refused)
    expect((await mutate(updateRole, { id: own, name: 'Operators' })).code).toBeUndefined()
    clock += hour
    expect(await acme.permissionsOf(token)).toEqual(['teams:view'])
  })
})

it('a role is deleted once all that had it has ended', async () => {
  const { id } = await acme.createRole({ name: 'Passing', permissions: ['teams:view'] })
  await acme.assign({ userId, roleId: id, expiresAt: inHours(1) })
  await acme.issue({ roleId: id, expiresAt: inHours(1) })
  expect(await acme.mutate(deleteRole, { id })).toMatchObject({ code: 'IN_USE' })
  clock += hour
  expect(await acme.mutate(deleteRole, { id })).toMatchObject({ id })
})

it('a revoked token issues nothing and does nothing', async () => {
  const secret = await acme.issue({ role: 'ADMIN' })
  const { data } = await acme.api.ask(secret, '{ viewer { id } }')
  await acme.mutate(revokeApiToken, { id: read<{ id: string }>(data, 'viewer').id })
  const answer = await acme.mutateAs(secret, issueApiToken, { name: 'late', role: 'VIEWER' })
  expect(answer.status).toBe(401)
})
