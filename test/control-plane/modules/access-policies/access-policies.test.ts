import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import { createTeam } from '../tenant-api.ts'
import {
  createAccessPolicy,
  deleteAccessPolicy,
  explain,
  makePolicy,
  officeHours,
  updateAccessPolicy,
} from './policy-api.ts'

let roles: RoleApi
let now = Date.parse('2030-01-07T12:00:00Z')
beforeAll(async () => {
  roles = await startRoleApi({ now: () => now })
})
afterAll(() => roles.close())

let count = 0
async function issueOfRole(permissions: readonly string[], role: object = {}, token: object = {}) {
  const { id } = await roles.createRole({ name: `role ${++count}`, permissions, ...role })
  return { roleId: id, token: await roles.issue({ roleId: id, ...token }) }
}

const codeOf = async (token: string, query: string) =>
  (await roles.api.ask(token, query)).errors[0]?.extensions.code ?? 'yes'
const teams = '{ teams { totalCount } }'
const customers = '{ customers { totalCount } }'

describe('a policy that denies', () => {
  it('wins over every role that gives, from the next request on, until it goes [C7]', async () => {
    const { roleId, token } = await issueOfRole(['*'])
    expect(await codeOf(token, teams)).toBe('yes')
    const { id } = await makePolicy(roles, { permissions: ['teams:*'], roleIds: [roleId] })
    expect(await codeOf(token, teams)).toBe('FORBIDDEN')
    expect(await codeOf(token, customers)).toBe('yes')
    expect(await roles.permissionsOf(token)).not.toContain('teams:view')
    expect(await codeOf(roles.tenant.token, teams)).toBe('yes')
    await roles.mutate(updateAccessPolicy, { id, enabled: false })
    expect(await codeOf(token, teams)).toBe('yes')
    await roles.mutate(updateAccessPolicy, { id, enabled: true })
    expect(await codeOf(token, teams)).toBe('FORBIDDEN')
    expect(await roles.mutate(deleteAccessPolicy, { id })).toMatchObject({ id })
    expect(await codeOf(token, teams)).toBe('yes')
  })

  it('says which it is', async () => {
    const { roleId, token } = await issueOfRole(['teams:view'])
    await makePolicy(roles, { name: 'No teams', permissions: ['teams:view'], roleIds: [roleId] })
    const { errors } = await roles.api.ask(token, teams)
    expect(errors[0]?.message).toBe('The access policy "No teams" denies it now')
  })

  it('is about whoever inherits from the role, and about no other', async () => {
    const above = await issueOfRole(['teams:view'])
    const heir = await issueOfRole([], { inheritedRoleIds: [above.roleId] })
    const other = await issueOfRole(['teams:view'])
    await makePolicy(roles, { permissions: ['teams:view'], roleIds: [above.roleId] })
    const codes = await Promise.all([above, heir, other].map(({ token }) => codeOf(token, teams)))
    expect(codes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'yes'])
  })

  it('is about a user with whichever token, and also with one that they issued for nobody', async () => {
    const userId = await roles.createUser({ name: 'Ida' })
    await roles.assign({ userId, roleId: 'role_admin' })
    const own = await roles.issue({ role: 'ADMIN', userId })
    const other = await roles.mutateAs(own, issueToken, { name: 'for nobody', role: 'ADMIN' })
    const service = String(other.result.secret)
    await makePolicy(roles, { permissions: ['teams:view'], userIds: [userId] })
    expect([await codeOf(own, teams), await codeOf(service, teams)]).toEqual(['FORBIDDEN', 'FORBIDDEN'])
    expect(await codeOf(roles.tenant.token, teams)).toBe('yes')
  })

  it('takes what a role gives for one object alone too', async () => {
    const userId = await roles.createUser({ name: 'Olga' })
    const { id: teamId } = await roles.mutate(createTeam, {
      ...{ workspaceId: roles.tenant.workspaceId, name: 'one' },
    })
    const { id: roleId } = await roles.createRole({ name: `role ${++count}`, permissions: ['teams:update'] })
    await roles.assign({ userId, roleId, objectId: teamId })
    const token = await roles.issue({ userId, roleId })
    const rename = (name: string) => roles.mutateAs(token, updateTeam, { id: teamId, name })
    expect((await rename('two')).result).toMatchObject({ id: teamId })
    await makePolicy(roles, { permissions: ['teams:update'], userIds: [userId] })
    expect((await rename('three')).errors[0]?.extensions.code).toBe('FORBIDDEN')
  })

  it('takes what could be given to others as well', async () => {
    const { roleId, token } = await issueOfRole(['roles:create', 'teams:view'])
    await makePolicy(roles, { permissions: ['teams:view'], roleIds: [roleId] })
    const { result } = await roles.mutateAs(token, createRole, { name: 'more', permissions: ['teams:view'] })
    expect(result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: ['teams:view'] })
  })

  it('keeps the role that it names', async () => {
    const { id } = await roles.createRole({ name: `role ${++count}`, permissions: ['teams:view'] })
    const policy = await makePolicy(roles, { permissions: ['teams:view'], roleIds: [id] })
    expect(await roles.mutate(deleteRole, { id })).toMatchObject({ code: 'IN_USE' })
    await roles.mutate(deleteAccessPolicy, { id: policy.id })
    expect(await roles.mutate(deleteRole, { id })).toMatchObject({ id })
  })
})

describe('a condition', () => {
  it('lets in from its network alone', async () => {
    const { roleId, token } = await issueOfRole(['teams:view'])
    const { id } = await makePolicy(roles, {
      ...{ effect: 'DENY_UNLESS', permissions: ['teams:view'], roleIds: [roleId] },
      condition: 'inNetwork(request.ip, "10.0.0.0/8")',
    })
    expect(await codeOf(token, teams)).toBe('FORBIDDEN')
    await roles.mutate(updateAccessPolicy, { id, condition: 'inNetwork(request.ip, "127.0.0.0/8")' })
    expect(await codeOf(token, teams)).toBe('yes')
  })

  it('of a session denies every API token', async () => {
    const { roleId, token } = await issueOfRole(['teams:view'])
    await makePolicy(roles, {
      ...{ effect: 'DENY_UNLESS', permissions: ['teams:view'], roleIds: [roleId] },
      condition: 'session.mfa && session.secondsSinceSignIn < 900',
    })
    expect(await codeOf(token, teams)).toBe('FORBIDDEN')
  })

  it('that cannot be read any more denies, whatever its effect', async () => {
    const { roleId, token } = await issueOfRole(['teams:view'])
    const { id } = await makePolicy(roles, {
      ...{ permissions: ['teams:view'], roleIds: [roleId] },
      condition: 'session.mfa',
    })
    expect(await codeOf(token, teams)).toBe('yes')
    const { database } = roles.api.controlPlane
    await database.transaction(roles.tenant.organizationId, (em) =>
      em.execute(`update access_policies set condition = 'of.a.later.release' where id = ?`, [id]),
    )
    expect(await codeOf(token, teams)).toBe('FORBIDDEN')
    await roles.mutate(deleteAccessPolicy, { id })
  })

  it('leaves to the owner alone what is theirs [S3-11]', async () => {
    const userId = await roles.createUser({ name: 'Owner' })
    const permissions = ['virtual_keys:*', 'providers:view']
    const { id: roleId } = await roles.createRole({ name: `role ${++count}`, permissions })
    await roles.assign({ userId, roleId })
    const token = await roles.issue({ userId, roleId })
    const { workspaceId } = roles.tenant
    const issue = async (owner: object) => {
      const input = { workspaceId, name: `key ${++count}`, owner, providerConfigs: [] }
      return (await roles.mutate(issueVirtualKey, input)).virtualKey as { id: string }
    }
    const own = await issue({ userId })
    const other = await issue({ userId: await roles.createUser({ name: 'Other' }) })
    await makePolicy(roles, {
      ...{ effect: 'DENY_UNLESS', permissions: ['virtual_keys:revoke'], roleIds: [roleId] },
      condition: 'resource.ownerUserId == actor.userId',
    })
    const revoke = (id: string) => roles.mutateAs(token, revokeVirtualKey, { id })
    expect((await revoke(other.id)).errors[0]?.extensions.code).toBe('FORBIDDEN')
    expect((await revoke(own.id)).result.code).toBeUndefined()
    const input = { permission: 'virtual_keys:revoke' }
    expect(await explain(roles, token, { ...input, objectId: other.id })).toMatchObject({ allowed: false })
    expect(await explain(roles, token, { ...input, objectId: own.id })).toMatchObject({ allowed: true })
  })
})

describe('what is asked of the policy itself', () => {
  it.each([
    [{ permissions: [] }, 'permissions: must name at least one permission'],
    [{ permissions: ['team:*'] }, 'permissions: "team:*" names no permission: see permissionCatalog'],
    [{ roleIds: [] }, 'roleIds: must name a role, userIds a user, or everybody must be true'],
    [{ everybody: true }, 'everybody: is about everybody already: leave roleIds and userIds empty'],
    [{ effect: 'DENY_UNLESS' }, 'timeWindows: or condition must say when it is allowed'],
    [{ timeWindows: [{ ...officeHours, days: [] }] }, 'timeWindows.0.days: must name a day'],
    [{ timeWindows: [{ ...officeHours, until: '09:00' }] }, 'timeWindows.0.until: must be another time'],
    [{ timeWindows: [{ ...officeHours, from: '9:00' }] }, 'timeWindows.0.from: must be a time of the day'],
    [{ timeWindows: [{ ...officeHours, timeZone: 'Bern' }] }, 'timeWindows.0.timeZone: "Bern" is no time'],
    [{ condition: 'session.x' }, 'condition: reads "session.x": "session" has "signedIn"'],
    [{ condition: 'resource.id == ""' }, 'condition: reads "resource", which is known for "virtual_keys'],
  ])('%j is refused', async (input, reason) => {
    const whole = { name: 'bad', effect: 'DENY_WHEN', permissions: ['teams:view'], roleIds: ['role_viewer'] }
    expect(await roles.refusal(createAccessPolicy, { ...whole, ...input })).toContain(reason)
  })

  it('names roles and users that there are', async () => {
    const whole = { name: 'bad', effect: 'DENY_WHEN', permissions: ['teams:view'] }
    for (const subject of [{ roleIds: ['role_none'] }, { userIds: ['usr_none'] }]) {
      const refused = await roles.mutate(createAccessPolicy, { ...whole, ...subject })
      expect(refused).toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('is on record', async () => {
    const { id } = await makePolicy(roles, { permissions: ['teams:view'], roleIds: ['role_viewer'] })
    await roles.mutate(updateAccessPolicy, { id, timeWindows: [officeHours] })
    const { before, after } = (await roles.audited('access_policy.updated')) as Record<string, object>
    expect([before, after]).toMatchObject([{ timeWindows: [] }, { timeWindows: [officeHours] }])
    await roles.mutate(deleteAccessPolicy, { id })
    expect(await roles.audited('access_policy.deleted')).toMatchObject({
      before: { permissions: ['teams:view'] },
    })
  })
})

const mutation = (field: string, input: string, selection: string) => ({ field, input, selection })
const issueToken = mutation('issueApiToken', 'IssueApiTokenInput', '... on IssuedApiToken { secret }')
const updateTeam = mutation('updateTeam', 'UpdateTeamInput', '... on Team { id }')
const createRole = mutation(
  'createRole',
  'CreateRoleInput',
  '... on Role { id } ... on RightsExceeded { missingPermissions }',
)
const deleteRole = mutation('deleteRole', 'ByIdInput', '... on Deleted { id }')
const issueVirtualKey = mutation(
  'issueVirtualKey',
  'IssueVirtualKeyInput',
  '... on IssuedVirtualKey { virtualKey { id } }',
)
const revokeVirtualKey = mutation('revokeVirtualKey', 'RevokeVirtualKeyInput', '... on VirtualKey { id }')

it('a list of policies shows them to whoever may see them, and to nobody else', async () => {
  const { token } = await issueOfRole(['access_policies:view'])
  const query = '{ accessPolicies(first: 1) { edges { node { name } } } }'
  const { data } = await roles.api.ask(token, query)
  expect(read<{ edges: object[] }>(data, 'accessPolicies').edges).toHaveLength(1)
  expect(await codeOf(await roles.issue({ role: 'DEVELOPER' }), query)).toBe('FORBIDDEN')
})

// Last, for time goes on only.
describe('office hours', () => {
  it('end at 17:00 in Berlin, on the day on which clocks were set too [S3-10]', async () => {
    const { roleId, token } = await issueOfRole(['teams:view'])
    await makePolicy(roles, {
      ...{ effect: 'DENY_UNLESS', permissions: ['teams:view'], roleIds: [roleId] },
      timeWindows: [officeHours],
    })
    const at = async (time: string) => {
      now = Date.parse(time)
      return codeOf(token, teams)
    }
    expect(await at('2030-01-07T15:59:59Z')).toBe('yes')
    expect(await at('2030-01-07T16:00:00Z')).toBe('FORBIDDEN')
    expect(await at('2030-03-31T10:00:00Z')).toBe('FORBIDDEN')
    expect(await at('2030-04-01T06:59:59Z')).toBe('FORBIDDEN')
    expect(await at('2030-04-01T07:00:00Z')).toBe('yes')
  })
})
