import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions, systemRoles } from '../../../../contract/permissions.ts'
import { compilePolicy } from '../../../../control-plane/authorization/access-policy.ts'
import { read } from '../../api.ts'
import type { Mutation } from '../tenant-api.ts'
import { type RoleApi, startRoleApi } from './role-api.ts'

let clock = Date.parse('2030-01-01T00:00:00Z')
const hour = 3_600_000
const all = ['inference:chat', 'inference:embeddings', 'inference:images']

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi({ now: () => clock })
})
afterAll(() => acme.close())

const change = (field: string, input: string, type: string): Mutation => ({
  ...{ field, input, selection: `... on ${type} { id }` },
})

async function governByRoles(rolesGovernInference: boolean): Promise<void> {
  const settings: Mutation = {
    field: 'updateClientConfiguration',
    input: 'UpdateClientConfigurationInput',
    selection: '... on ClientConfiguration { rolesGovernInference }',
  }
  await acme.mutate(settings, { rolesGovernInference })
}

interface Explained {
  readonly allowed: boolean
  readonly explanation: string
  readonly reasons: readonly { readonly counts: boolean; readonly explanation: string }[]
}

async function explain(input: object): Promise<Explained> {
  const { data, errors } = await acme.api.ask(
    acme.tenant.token,
    `query($input: ExplainPermissionInput!) {
       explainPermission(input: $input) { allowed explanation reasons { counts explanation } } }`,
    { input },
  )
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Explained>(data, 'explainPermission')
}

describe('inference in the catalogue [X0-02]', () => {
  it('is an admin’s and a developer’s, and no viewer’s', () => {
    const ofInference = (permissions: readonly string[]) =>
      permissions.filter((permission) => permission.startsWith('inference:'))
    expect(ofInference(systemRoles.admin.permissions)).toEqual(all)
    expect(ofInference(systemRoles.developer.permissions)).toEqual(all)
    expect(ofInference(systemRoles.viewer.permissions)).toEqual([])
  })

  it('is given by an admin one by one and by a pattern, and by nobody who does not have it', async () => {
    const some = await acme.createRole({ name: 'Chats', permissions: ['inference:chat'] })
    expect(some.permissions).toEqual(['inference:chat'])
    const every = await acme.createRole({ name: 'Infers', permissions: ['inference:*'] })
    expect(every.permissions).toEqual(all)
    const { id: roleId } = await acme.createRole({ name: 'Makes roles', permissions: ['roles:*'] })
    const secret = await acme.issue({ roleId })
    const { result } = await acme.mutateAs(
      secret,
      {
        field: 'createRole',
        input: 'CreateRoleInput',
        selection: '... on RightsExceeded { missingPermissions }',
      },
      { name: 'More', permissions: ['inference:chat'] },
    )
    expect(result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: ['inference:chat'] })
  })
})

describe('why somebody may infer, or why not', () => {
  beforeAll(() => governByRoles(true))

  it('is each role for itself: one that reaches less than another gives what it gives where it reaches', async () => {
    const { workspaceId } = acme.tenant
    const workspace = change('createWorkspace', 'CreateWorkspaceInput', 'Workspace')
    const { id: other } = await acme.mutate(workspace, { name: 'other' })
    const { id: roleId } = await acme.createRole({
      ...{ name: 'Draws there', permissions: ['inference:images'], workspaceIds: [other] },
    })
    const userId = await acme.createUser({ name: 'Alice' })
    await acme.assign({ userId, roleId: 'role_viewer' })
    await acme.assign({ userId, roleId })
    const permission = 'inference:images'
    expect(await explain({ userId, permission, workspaceId: other })).toMatchObject({
      ...{ allowed: true, explanation: 'Yes. The role "Draws there" gives it.' },
      reasons: [{ counts: false }, { counts: true }],
    })
    expect(await explain({ userId, permission })).toMatchObject({ allowed: true })
    for (const place of [{ workspaceId }, { organizationWide: true }]) {
      const explained = await explain({ userId, permission, ...place })
      expect(explained).toMatchObject({ allowed: false, reasons: [{ counts: false }, { counts: false }] })
      expect(explained.reasons[1]?.explanation).toBe('Confined to the virtual keys of some workspaces.')
    }
  })

  it('is no role for a single object, none that has ended, and none of somebody who is inactive', async () => {
    const userId = await acme.createUser({ name: 'Bob' })
    const { id: team } = await acme.mutate(change('createTeam', 'CreateTeamInput', 'Team'), {
      ...{ workspaceId: acme.tenant.workspaceId, name: 'search' },
    })
    await acme.assign({ userId, roleId: 'role_developer', objectId: team })
    const question = { userId, permission: 'inference:chat' }
    expect(await explain(question)).toMatchObject({
      ...{
        allowed: false,
        explanation: 'No. Given for one object alone, and such a role gives no inference.',
      },
    })
    await acme.assign({ userId, roleId: 'role_developer', expiresAt: new Date(clock + hour).toISOString() })
    expect(await explain(question)).toMatchObject({ allowed: true })
    await acme.mutate(change('updateUser', 'UpdateUserInput', 'User'), { id: userId, active: false })
    expect(await explain(question)).toMatchObject({
      allowed: false,
      explanation: 'No. The user is inactive.',
    })
    await acme.mutate(change('updateUser', 'UpdateUserInput', 'User'), { id: userId, active: true })
    clock += 2 * hour
    const { allowed, reasons } = await explain(question)
    expect([allowed, reasons[1]?.explanation]).toEqual([false, 'Expired: the user has the role no more.'])
  })

  it('is the setting while that is off', async () => {
    const userId = await acme.createUser({ name: 'Carol' })
    const question = { userId, permission: 'inference:chat' }
    expect(await explain(question)).toMatchObject({ allowed: false, explanation: 'No. They have no role.' })
    await governByRoles(false)
    expect(await explain(question)).toMatchObject({ allowed: true })
    await governByRoles(true)
  })

  it('is nothing of an API token, which calls no data plane', async () => {
    expect(await explain({ permission: 'inference:chat' })).toMatchObject({ allowed: false, reasons: [] })
  })
})

describe('an access policy', () => {
  const createPolicy: Mutation = {
    ...{ field: 'createAccessPolicy', input: 'CreateAccessPolicyInput' },
    selection: '... on AccessPolicy { id }',
  }
  const policy = { name: 'No', effect: 'DENY_WHEN', roleIds: ['role_viewer'] }

  it.each(['inference:chat', 'inference:*', '*:images'])(
    'is refused when it names %s, which it could not deny',
    async (pattern) => {
      expect(await acme.refusal(createPolicy, { ...policy, permissions: ['teams:view', pattern] })).toMatch(
        /^permissions: ".*" is judged by data planes, which know no access policies: take it out of the roles/,
      )
    },
  )

  it('that names all means all but inference', async () => {
    const terms = {
      ...policy,
      effect: 'deny_when',
      permissions: ['*'],
      everybody: false,
      userIds: [],
    } as const
    const denied = compilePolicy({ ...terms, id: 'pol_1', timeWindows: [], condition: null }).permissions
    expect(allPermissions.filter((permission) => !denied.has(permission))).toEqual(all)
    await acme.mutate(createPolicy, { ...policy, permissions: ['*'] })
    const userId = await acme.createUser({ name: 'Dave' })
    await acme.assign({ userId, roleId: 'role_viewer' })
    await acme.assign({ userId, roleId: 'role_developer' })
    expect(await explain({ userId, permission: 'teams:view' })).toMatchObject({ allowed: false })
    expect(await explain({ userId, permission: 'inference:chat' })).toMatchObject({ allowed: true })
  })
})
