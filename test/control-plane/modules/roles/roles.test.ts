import type { EntityManager } from '@mikro-orm/postgresql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions, systemRoles } from '../../../../contract/permissions.ts'
import { eventually } from '../../../transport/poll.ts'
import { read } from '../../api.ts'
import { createRole, deleteRole, issueApiToken, type RoleApi, startRoleApi, updateRole } from './role-api.ts'

let acme: RoleApi

beforeAll(async () => {
  acme = await startRoleApi()
})

afterAll(() => acme.close())

describe('system roles', () => {
  it('are the three, each above the next [S0-09]', async () => {
    const query =
      '{ roles(filter: { system: true }) { totalCount edges { node { id name privilegeLevel permissions } } } }'
    const { roles } = await acme.query<{ roles: { edges: { node: object }[] } }>(query)
    const expected = (['admin', 'developer', 'viewer'] as const).map((name) => ({
      id: `role_${name}`,
      name,
      privilegeLevel: systemRoles[name].privilegeLevel,
      permissions: [...systemRoles[name].permissions].sort(),
    }))
    expect(roles).toEqual({ totalCount: 3, edges: expected.map((node) => ({ node })) })
  })
})

describe('a role of one’s own', () => {
  it('allows what it names and nothing else [S0-14]', async () => {
    const { id } = await acme.createRole({ name: 'Auditor', permissions: ['audit_logs:view', 'usage:view'] })
    const token = await acme.issue({ roleId: id })
    const { data, errors } = await acme.api.ask(token, '{ auditEvents { totalCount } usage { totalCount } }')
    expect(errors).toEqual([])
    expect(data).toMatchObject({ usage: { totalCount: 0 } })
    const refused = await acme.api.ask(token, '{ virtualKeys { totalCount } }')
    expect(refused.errors[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'virtual_keys:view',
    })
  })

  it.each([
    ['*', allPermissions],
    ['*:*', allPermissions],
    ['roles:*', allPermissions.filter((permission) => permission.startsWith('roles:'))],
    ['*:view', allPermissions.filter((permission) => permission.endsWith(':view'))],
  ])('may name its permissions by the pattern %s', async (pattern, permissions) => {
    const role = await acme.createRole({ name: `Pattern ${pattern}`, permissions: [pattern] })
    expect(role.permissions).toEqual([...permissions].sort())
  })

  it.each(['virtual_keys:fly', 'nothing:view', 'virtual_keys', '', 'a:b:c', '**'])(
    'refuses a permission that is none: "%s"',
    async (permission) => {
      const message = await acme.refusal(createRole, { name: 'Odd', permissions: [permission] })
      expect(message).toMatch(/permissions: .* names no permission/)
    },
  )

  it('has a name that no other has, and names only what there is', async () => {
    await acme.createRole({ name: 'Unique' })
    expect(await acme.createRole({ name: 'Unique' })).toMatchObject({ code: 'NAME_TAKEN' })
    expect(await acme.createRole({ name: 'Lost', inheritedRoleIds: ['role_0'] })).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await acme.createRole({ name: 'Lost', workspaceIds: ['ws_0'] })).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await acme.updateRole({ id: 'role_0', name: 'Lost' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('holds from the next request on as it was changed last', async () => {
    const { id } = await acme.createRole({ name: 'Changing', permissions: ['teams:view'] })
    const token = await acme.issue({ roleId: id })
    expect(await acme.permissionsOf(token)).toEqual(['teams:view'])
    await acme.updateRole({ id, permissions: ['users:view'] })
    expect(await acme.permissionsOf(token)).toEqual(['users:view'])
    expect((await acme.api.ask(token, '{ teams { totalCount } }')).errors[0]?.extensions.code).toBe(
      'FORBIDDEN',
    )
  })

  it('is not deleted while a token has it', async () => {
    const { id } = await acme.createRole({ name: 'Had' })
    await acme.issue({ roleId: id })
    expect(await acme.mutate(deleteRole, { id })).toMatchObject({ code: 'IN_USE' })
    const { id: free } = await acme.createRole({ name: 'Free' })
    expect(await acme.mutate(deleteRole, { id: free })).toMatchObject({ id: free })
  })

  it('leaves audit events that say what it was and what it is', async () => {
    const { id } = await acme.createRole({ name: 'Audited', permissions: ['teams:view'] })
    expect(await acme.audited('role.created')).toMatchObject({ after: { permissions: ['teams:view'] } })
    await acme.updateRole({ id, permissions: [] })
    expect(await acme.audited('role.updated')).toMatchObject({
      before: { permissions: ['teams:view'] },
      after: { permissions: [] },
    })
    await acme.mutate(deleteRole, { id })
    expect(await acme.audited('role.deleted')).toMatchObject({ before: { name: 'Audited' } })
  })
})

/** Begins what changes these roles, and lets it write once each of it waits for another transaction. */
async function whileLocked<T>(ids: string[], begin: () => Promise<T>[]): Promise<Promise<T>[]> {
  const { database } = acme.api.controlPlane
  const inOrganization = <R>(work: (em: EntityManager) => Promise<R>) =>
    database.transaction(acme.tenant.organizationId, work)
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  return inOrganization(async (em) => {
    await em.execute('select from roles where id in (?, ?) for update', ids)
    const begun = begin()
    await eventually('each waits', async () => {
      const sessions = await inOrganization((other) => other.execute<object[]>(waiting))
      return sessions.length >= begun.length || undefined
    })
    return begun
  })
}

describe('inheritance', () => {
  it('brings the permissions of all roles above, also those that they get or lose later [S3-08]', async () => {
    const { id: other } = await acme.createRole({ name: 'Other parent', permissions: ['teams:create'] })
    const { id: parent } = await acme.createRole({ name: 'Parent', permissions: ['users:view'] })
    const { id: child } = await acme.createRole({
      ...{ name: 'Child', permissions: ['teams:view'], inheritedRoleIds: [parent, other] },
    })
    const token = await acme.issue({ roleId: child })
    expect(await acme.permissionsOf(token)).toEqual(['teams:create', 'teams:view', 'users:view'])
    await acme.updateRole({ id: parent, permissions: ['models:view'] })
    expect(await acme.permissionsOf(token)).toEqual(['models:view', 'teams:create', 'teams:view'])
    expect(await acme.mutate(deleteRole, { id: parent })).toMatchObject({ code: 'IN_USE' })
  })

  it('may begin at a system role', async () => {
    const role = await acme.createRole({
      ...{ name: 'Viewer and more', permissions: ['teams:create'], inheritedRoleIds: ['role_viewer'] },
    })
    expect(role.permissions).toEqual([...systemRoles.viewer.permissions, 'teams:create'].sort())
  })

  it('makes no cycle', async () => {
    const { id: first } = await acme.createRole({ name: 'First' })
    const { id: second } = await acme.createRole({ name: 'Second', inheritedRoleIds: [first] })
    expect(await acme.updateRole({ id: first, inheritedRoleIds: [second] })).toMatchObject({
      code: 'ROLE_CYCLE',
    })
    expect(await acme.updateRole({ id: first, inheritedRoleIds: [first] })).toMatchObject({
      code: 'ROLE_CYCLE',
    })
  })

  it('makes no cycle when both halves of it are asked for at once', async () => {
    const { id: left } = await acme.createRole({ name: 'Left' })
    const { id: right } = await acme.createRole({ name: 'Right' })
    const changing = await whileLocked([left, right], () => [
      acme.updateRole({ id: left, inheritedRoleIds: [right] }),
      acme.updateRole({ id: right, inheritedRoleIds: [left] }),
    ])
    const answers = await Promise.all(changing)
    expect(answers.map(({ code }) => code ?? 'changed').sort()).toEqual(['ROLE_CYCLE', 'changed'])
  })

  it('goes eight levels deep and no deeper, wherever the chain grows', async () => {
    const { id: top } = await acme.createRole({ name: 'Level 1' })
    let below = top
    for (let level = 2; level <= 8; level++) {
      below = (await acme.createRole({ name: `Level ${level}`, inheritedRoleIds: [below] })).id
    }
    const tooDeep = { code: 'ROLE_TOO_DEEP' }
    expect(await acme.createRole({ name: 'Level 9', inheritedRoleIds: [below] })).toMatchObject(tooDeep)
    expect(await acme.updateRole({ id: top, inheritedRoleIds: ['role_viewer'] })).toMatchObject(tooDeep)
  })
})

describe('nobody gives what they do not have', () => {
  let manager: string

  beforeAll(async () => {
    const permissions = ['roles:create', 'roles:update', 'roles:assign', 'api_tokens:create', 'teams:view']
    const { id } = await acme.createRole({ name: 'Manager', permissions })
    manager = await acme.issue({ roleId: id })
  })

  const counts = () => acme.query<object>('{ roles { totalCount } apiTokens { totalCount } }')

  it('a role with more is refused by the names of what is missing, and nothing is written', async () => {
    const before = await counts()
    const permissions = ['teams:view', 'users:delete', 'budgets:update']
    const { result } = await acme.mutateAs(manager, createRole, { name: 'More', permissions })
    expect(result).toMatchObject({
      code: 'RIGHTS_EXCEEDED',
      missingPermissions: ['budgets:update', 'users:delete'],
    })
    expect(await acme.audited('privilege_escalation.refused')).toMatchObject({
      missingPermissions: ['budgets:update', 'users:delete'],
    })
    const inherited = { name: 'More', permissions: [], inheritedRoleIds: ['role_admin'] }
    const { result: second } = await acme.mutateAs(manager, createRole, inherited)
    expect(second.missingPermissions).toContain('users:delete')
    expect(await counts()).toEqual(before)
    const within = { name: 'Within', permissions: ['teams:view'] }
    expect((await acme.mutateAs(manager, createRole, within)).result.id).toBeDefined()
  })

  it('each attempt is on record, as denied [S0-40]', async () => {
    const query = `query($filter: AuditEventFilter) { auditEvents(filter: $filter) { totalCount edges { node { outcome actor { kind } } } } }`
    const filter = { type: 'privilege_escalation.refused' }
    const read = () => acme.query<{ auditEvents: { totalCount: number; edges: object[] } }>(query, { filter })
    const { auditEvents: before } = await read()
    await acme.mutateAs(manager, issueApiToken, { name: 'more', role: 'ADMIN' })
    const { auditEvents: after } = await read()
    expect(after.totalCount).toBe(before.totalCount + 1)
    expect(after.edges[0]).toEqual({ node: { outcome: 'denied', actor: { kind: 'api_token' } } })
  })

  it('a token with more is refused by the names of what is missing', async () => {
    const before = await counts()
    const { result } = await acme.mutateAs(manager, issueApiToken, { name: 'more', role: 'VIEWER' })
    expect(result.code).toBe('RIGHTS_EXCEEDED')
    expect(result.missingPermissions).toEqual(
      systemRoles.viewer.permissions.filter((permission) => permission !== 'teams:view').sort(),
    )
    expect(await counts()).toEqual(before)
  })

  it('a role that others made is not widened with more either', async () => {
    const { id: parent } = await acme.createRole({ name: 'Harmless parent' })
    const { result } = await acme.mutateAs(manager, updateRole, { id: parent, permissions: ['users:view'] })
    expect(result).toMatchObject({ code: 'RIGHTS_EXCEEDED', missingPermissions: ['users:view'] })
    const own = await acme.mutateAs(manager, updateRole, { id: parent, permissions: ['teams:view'] })
    expect(own.result.permissions).toEqual(['teams:view'])
  })

  it('what somebody does not have they may still take away', async () => {
    const { id } = await acme.createRole({ name: 'Strong', permissions: ['users:delete', 'users:view'] })
    const { result } = await acme.mutateAs(manager, updateRole, { id, permissions: ['users:view'] })
    expect(result.permissions).toEqual(['users:view'])
  })

  it('exactly one of role and roleId names what a new token may do', async () => {
    for (const input of [{}, { role: 'VIEWER', roleId: 'role_viewer' }]) {
      expect(await acme.refusal(issueApiToken, { name: 'odd', ...input })).toMatch(/^roleId: /)
    }
    const { data } = await acme.api.ask(
      await acme.issue({ roleId: 'role_viewer' }),
      '{ viewer { role { id system } } }',
    )
    expect(read(data, 'viewer')).toEqual({ role: { id: 'role_viewer', system: true } })
  })
})
