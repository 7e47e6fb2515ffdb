import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions, type Permission, systemRoles } from '../../../../contract/permissions.ts'
import { read as valueAt } from '../../api.ts'
import { deleteRole, type RoleApi, startRoleApi, updateRole } from './role-api.ts'

const released = (name: keyof typeof systemRoles): Permission[] => [...systemRoles[name].permissions].sort()
const without = (from: readonly Permission[], ...gone: Permission[]) =>
  from.filter((permission) => !gone.includes(permission))

const hour = 3_600_000
let ahead = 0
const now = () => Date.now() + ahead

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi({ now })
})
afterAll(() => acme.close())

const read = async (id: string) =>
  (
    await acme.query<{ role: { customized: boolean; permissionCount: number; ownPermissions: string[] } }>(
      'query($id: ID!) { role(id: $id) { customized permissionCount ownPermissions } }',
      { id },
    )
  ).role
const change = (id: string, permissions: readonly string[], token = acme.tenant.token) =>
  acme.mutateAs(token, updateRole, { id, permissions })

describe('the permissions of a system role [X0-04]', () => {
  it('are those of the release until the organization says otherwise, from the next request on', async () => {
    const token = await acme.issue({ roleId: 'role_developer' })
    const { id: heir } = await acme.createRole({ name: 'Heir', inheritedRoleIds: ['role_developer'] })
    expect(await read('role_developer')).toMatchObject({ customized: false })
    const wanted = [...without(released('developer'), 'virtual_keys:revoke'), 'teams:create' as const].sort()
    expect((await change('role_developer', wanted)).result).toMatchObject({ permissions: wanted })
    expect(await acme.permissionsOf(token)).toEqual(wanted)
    expect(await read('role_developer')).toEqual({
      ...{ customized: true, permissionCount: wanted.length, ownPermissions: wanted },
    })
    expect(await acme.permissionsOf(await acme.issue({ roleId: heir }))).toEqual(wanted)
    expect(await acme.audited('role.updated')).toMatchObject({
      before: { permissions: released('developer') },
      after: { permissions: wanted },
    })

    await change('role_developer', released('developer'))
    expect(await read('role_developer')).toMatchObject({ customized: false })
    expect(await acme.permissionsOf(token)).toEqual(released('developer'))
  })

  it('of another organization stay as they are', async () => {
    await change('role_viewer', ['teams:view'])
    const other = await acme.api.createTenant('Other')
    const asked = await acme.api.ask(other.token, '{ role(id: "role_viewer") { customized ownPermissions } }')
    expect(asked.data).toEqual({ role: { customized: false, ownPermissions: released('viewer') } })
    await change('role_viewer', released('viewer'))
  })

  it('come back by a roll-back', async () => {
    const { configuration } = await acme.query<{ configuration: { revision: number } }>(
      '{ configuration { revision } }',
    )
    await change('role_viewer', ['teams:view'])
    const rollBack = {
      field: 'rollBackConfiguration',
      input: 'RollBackConfigurationInput',
      selection: '... on RolledBackConfiguration { changes { kind name action } }',
    }
    const undone = await acme.mutate(rollBack, { revision: configuration.revision })
    expect(undone).toMatchObject({ changes: [{ kind: 'role', name: 'viewer' }] })
    expect(await read('role_viewer')).toMatchObject({ customized: false })
  })

  it('gain nothing that whoever changes them does not have', async () => {
    const { id: roleId } = await acme.createRole({ name: 'Changer', permissions: ['roles:*', 'teams:view'] })
    const token = await acme.issue({ roleId })
    const wider = [...released('viewer'), 'customers:delete']
    expect((await change('role_viewer', wider, token)).result).toMatchObject({
      ...{ code: 'RIGHTS_EXCEEDED', missingPermissions: ['customers:delete'] },
    })
    const narrower = without(released('viewer'), 'usage:view')
    expect((await change('role_viewer', narrower, token)).result.code).toBeUndefined()
    expect((await change('role_viewer', released('viewer'), token)).result).toMatchObject({
      ...{ code: 'RIGHTS_EXCEEDED', missingPermissions: ['usage:view'] },
    })
    await change('role_viewer', released('viewer'))
  })

  it('are all of a system role that changes, and it is never deleted', async () => {
    for (const input of [{ name: 'Boss' }, { rowScope: 'OWN' }, { workspaceIds: [] }, { description: 'x' }]) {
      const refused = await acme.updateRole({ id: 'role_viewer', ...input })
      expect(refused).toMatchObject({ code: 'SYSTEM_ROLE' })
    }
    expect(await acme.mutate(deleteRole, { id: 'role_viewer' })).toMatchObject({ code: 'SYSTEM_ROLE' })
  })
})

describe('the last admin grant', () => {
  const restricted = without([...allPermissions], 'audit_logs:download')
  const refused = {
    code: 'LAST_GRANT',
    message: expect.stringContaining('who could give back "audit_logs:download"'),
  }

  it('is not taken away, whoever else has a part of it', async () => {
    expect((await change('role_admin', restricted)).result).toMatchObject(refused)
    expect((await change('role_admin', [])).result).toMatchObject({ code: 'LAST_GRANT' })
    const permissions = ['audit_logs:*']
    const { tenant } = acme
    const confined = await acme.createRole({
      ...{ name: 'Confined auditor', permissions, workspaceIds: [tenant.workspaceId] },
    })
    const own = await acme.createRole({ name: 'Own auditor', permissions, rowScope: 'OWN' })
    const unused = await acme.createRole({ name: 'Unused auditor', permissions })
    await acme.issue({ roleId: confined.id })
    await acme.issue({ roleId: own.id })
    await acme.issue({ roleId: unused.id, workspaceId: tenant.workspaceId })
    const ended = await acme.issue({ roleId: unused.id })
    const { data } = await acme.api.ask(ended, '{ viewer { id } }')
    const revoke = { field: 'revokeApiToken', input: 'ByIdInput', selection: '... on ApiToken { id }' }
    await acme.mutate(revoke, { id: valueAt<{ id: string }>(data, 'viewer').id })
    await acme.issue({ roleId: unused.id, expiresAt: new Date(now() + hour).toISOString() })
    ahead += hour
    // Nobody lets this user in.
    await acme.assign({ userId: await acme.createUser({ name: 'Without a way in' }), roleId: unused.id })
    expect((await change('role_admin', restricted)).result).toMatchObject(refused)
    expect(await read('role_admin')).toMatchObject({ customized: false })
  })

  it('may be given to another role, and then no other is the last', async () => {
    const { id: roleId } = await acme.createRole({ name: 'Owner', permissions: ['*'] })
    const owner = await acme.issue({ roleId })
    expect((await change('role_admin', restricted)).result).toMatchObject({
      permissions: [...restricted].sort(),
    })
    expect(await acme.permissionsOf(acme.tenant.token)).not.toContain('audit_logs:download')
    // Admin cannot give it back, and neither goes the one who can.
    expect((await change('role_admin', ['*'])).result).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    expect((await change(roleId, restricted)).result).toMatchObject(refused)
    expect((await change('role_admin', ['*'], owner)).result.code).toBeUndefined()
    expect((await change(roleId, restricted)).result.code).toBeUndefined()
  })

  it('of a token that stands for a user is what the roles of the user leave of it', async () => {
    const { id: roleId } = await acme.createRole({ name: 'Second owner', permissions: ['*'] })
    const userId = await acme.createUser({ name: 'Owner' })
    await acme.assign({ userId, roleId })
    await acme.issue({ roleId, userId })
    const active = (isActive: boolean) =>
      acme.mutate(
        { field: 'updateUser', input: 'UpdateUserInput', selection: '... on User { id }' },
        { id: userId, active: isActive },
      )
    await active(false)
    expect((await change('role_admin', restricted)).result).toMatchObject(refused)
    await active(true)
    expect((await change('role_admin', restricted)).result.code).toBeUndefined()
  })
})
