import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemRoles } from '../../../contract/permissions.ts'
import { type RoleApi, startRoleApi } from '../modules/roles/role-api.ts'
import { type Applied, apply, applyFile, told } from './applied-file.ts'

/* Workspaces, roles and memberships in configuration files. */

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

const put = (file: object, options: object = {}) => applyFile(acme, file, options)
const roleNames = async () => {
  const { roles } = await acme.query<{ roles: { edges: { node: { name: string } }[] } }>(
    '{ roles(filter: { system: false }) { edges { node { name } } } }',
  )
  return roles.edges.map(({ node }) => node.name)
}

describe('roles of a file', () => {
  it('are made above before below, changed field by field, and a second time not at all', async () => {
    const roles = [
      { name: 'C', inherits: ['B'] },
      { name: 'B', inherits: ['A'], permissions: ['users:view'] },
      { name: 'A', permissions: ['teams:*'], rowScope: 'TEAM' },
    ]
    expect(told(await put({ roles }))).toEqual(['CREATE role A', 'CREATE role B', 'CREATE role C'])
    expect(told(await put({ roles }))).toEqual([])
    const { changes } = await put({
      roles: [{ name: 'A', permissions: ['teams:view'], inherits: ['viewer'] }],
    })
    expect(changes[0]?.fields).toEqual([
      {
        field: 'permissions',
        before: ['teams:create', 'teams:delete', 'teams:update', 'teams:view'],
        after: ['teams:view'],
      },
      { field: 'inherits', before: [], after: ['viewer'] },
    ])
  })

  it('may turn round who inherits from whom, and go below before above', async () => {
    const turned = [
      { name: 'C', inherits: [] },
      { name: 'B', inherits: ['C'] },
      { name: 'A', inherits: ['B'] },
    ]
    expect(told(await put({ roles: turned }))).toEqual(['UPDATE role C', 'UPDATE role B', 'UPDATE role A'])
    expect(told(await put({ roles: [] }))).toEqual([])
    expect(told(await put({ roles: [] }, { prune: true }))).toEqual([
      'DELETE role A',
      'DELETE role B',
      'DELETE role C',
    ])
    expect(await roleNames()).toEqual([])
  })

  it('are told what is wrong with them, all of it, and nothing is made', async () => {
    const { problems } = await put({
      accessProfiles: [{ name: 'p', providers: [{ provider: 'none', models: [] }] }],
      roles: [
        { name: 'X', inherits: ['Y'] },
        { name: 'Y', inherits: ['X'] },
        { name: 'Z', permissions: ['teams:fly'], workspaces: ['nowhere'], accessProfile: 'absent' },
      ],
    })
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      '/accessProfiles/0/providers/0/provider',
      '/roles/0/inherits',
      '/roles/1/inherits',
      '/roles/2/accessProfile',
      '/roles/2/permissions',
      '/roles/2/workspaces/0',
    ])
    const { problems: fixed } = await put({ roles: [{ name: 'admin', rowScope: 'OWN' }] })
    expect(fixed).toMatchObject([{ path: '/roles/0', message: expect.stringContaining('system role') }])
    expect(await roleNames()).toEqual([])
  })

  it('may change the permissions of a system role, which then stands in the file and is never deleted', async () => {
    const wanted = { roles: [{ name: 'viewer', permissions: ['teams:view', 'usage:view'] }] }
    expect(told(await put(wanted))).toEqual(['UPDATE role viewer'])
    expect(told(await put(wanted))).toEqual([])
    const { configurationFile } = await acme.query<{ configurationFile: { document: object } }>(
      '{ configurationFile { document } }',
    )
    expect(configurationFile.document).toMatchObject(wanted)
    expect(told(await put({ roles: [] }, { prune: true }))).toEqual([])
    const viewer = [...systemRoles.viewer.permissions]
    expect(told(await put({ roles: [{ name: 'viewer', permissions: viewer }] }))).toEqual([
      'UPDATE role viewer',
    ])
    const { configurationFile: after } = await acme.query<{ configurationFile: { document: object } }>(
      '{ configurationFile { document } }',
    )
    expect(after.document).not.toHaveProperty('roles')
  })

  it('give nothing that whoever applies them does not have, and the attempt is on record', async () => {
    const { id: roleId } = await acme.createRole({
      ...{ name: 'Applier', permissions: ['configuration:*', 'roles:*', 'teams:view'] },
    })
    const token = await acme.issue({ roleId })
    const document = { version: 1, roles: [{ name: 'Mighty', permissions: ['customers:delete'] }] }
    const { result } = await acme.mutateAs(token, apply, { document })
    expect(result).toMatchObject({ problems: [{ path: '/roles/0' }] })
    expect(await roleNames()).toEqual(['Applier'])
    expect(await acme.audited('privilege_escalation.refused')).toMatchObject({
      missingPermissions: ['customers:delete'],
    })
    const allowed = { version: 1, roles: [{ name: 'Modest', permissions: ['teams:view'] }] }
    expect((await acme.mutateAs(token, apply, { document: allowed })).result).toMatchObject({
      changes: [{ name: 'Modest' }],
    })
  })

  it('are given to nobody by whoever could not give them otherwise, and the attempt is on record', async () => {
    await put({ users: [{ name: 'Eve' }] })
    const { id: roleId } = await acme.createRole({
      ...{ name: 'Assigner', permissions: ['configuration:*', 'roles:*', 'users:view'] },
    })
    const token = await acme.issue({ roleId })
    const assigning = (role: string) => ({
      document: { version: 1, roleAssignments: [{ user: 'Eve', role }] },
    })
    const { result } = await acme.mutateAs(token, apply, assigning('admin'))
    expect(result).toMatchObject({ problems: [{ path: '/roleAssignments/0' }] })
    expect(await acme.audited('privilege_escalation.refused')).toMatchObject({
      missingPermissions: expect.arrayContaining(['customers:delete']),
    })
    expect((await acme.mutateAs(token, apply, assigning('Assigner'))).result).toMatchObject({
      changes: [{ kind: 'role_assignment', name: 'Eve/Assigner' }],
    })
  })

  it('are had until the time that a file says, and taken away by pruning', async () => {
    const until = (expiresAt: string | null) => ({
      roleAssignments: [{ user: 'Eve', role: 'Assigner', expiresAt }],
    })
    const { changes } = await put(until('2999-01-01T01:00:00+01:00'))
    expect(changes[0]?.fields).toEqual([
      { field: 'expiresAt', before: null, after: '2999-01-01T00:00:00.000Z' },
    ])
    expect(told(await put(until('2999-01-01T00:00:00Z')))).toEqual([])
    expect((await put(until('2001-01-01T00:00:00Z'))).problems).toMatchObject([
      { path: '/roleAssignments/0/expiresAt' },
    ])
    expect(told(await put({ roleAssignments: [] }, { prune: true }))).toEqual([
      'DELETE role_assignment Eve/Assigner',
    ])
  })

  it('need the permission that making them needs', async () => {
    const { id: roleId } = await acme.createRole({ name: 'No roles', permissions: ['configuration:*'] })
    const token = await acme.issue({ roleId })
    for (const file of [
      { roles: [{ name: 'R' }] },
      { workspaces: [{ name: 'W' }] },
      { accessProfiles: [{ name: 'P' }] },
    ]) {
      const { errors } = await acme.mutateAs(token, apply, { document: { version: 1, ...file } })
      expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    }
  })
})

describe('workspaces of a file', () => {
  it('are made before what lives in them and go after it', async () => {
    const file = {
      workspaces: [{ name: 'default' }, { name: 'second' }],
      customers: [{ name: 'Acme', workspace: 'second' }],
      roles: [{ name: 'Local', workspaces: ['second'] }],
    }
    expect(told(await put(file))).toEqual([
      'CREATE workspace second',
      'CREATE customer second/Acme',
      'CREATE role Local',
    ])
    expect(told(await put(file))).toEqual([])
    const kept = { workspaces: [{ name: 'default' }], customers: [] }
    expect(told(await put(kept, { prune: true }))).toEqual([
      'DELETE customer second/Acme',
      'DELETE workspace second',
    ])
  })
})

describe('an export', () => {
  it('holds them all, and changes nothing here', async () => {
    await put({ accessProfiles: [{ name: 'small' }] })
    const { configurationFile } = await acme.query<{
      configurationFile: { document: Record<string, { name: string }[]>; warnings: string[] }
    }>('{ configurationFile { document warnings } }')
    const { document, warnings } = configurationFile
    expect(warnings).toEqual([])
    expect(document.workspaces).toEqual([{ name: 'default' }])
    expect(document.accessProfiles?.map(({ name }) => name)).toEqual(['small'])
    expect(document.roles?.map(({ name }) => name)).toEqual(expect.arrayContaining(['Modest', 'Local']))
    expect(document.roles?.map(({ name }) => name)).not.toContain('admin')
    expect(told((await acme.mutate(apply, { document, prune: true })) as Applied)).toEqual([])
  })
})

describe('memberships of a file', () => {
  it('are added by hand, a second time not at all, and end by pruning', async () => {
    const file = {
      customers: [{ name: 'Umbrella' }],
      businessUnits: [{ name: 'Lab', customer: 'Umbrella' }],
      teams: [{ name: 'Night shift' }],
      users: [{ name: 'Eve' }],
      memberships: [
        { user: 'Eve', team: 'Night shift' },
        { user: 'Eve', businessUnit: 'Lab', customer: 'Umbrella' },
      ],
    }
    expect(told(await put(file))).toEqual(
      expect.arrayContaining([
        'CREATE membership Eve/team/default/Night shift',
        'CREATE membership Eve/business_unit/default/Umbrella/Lab',
      ]),
    )
    expect(told(await put(file))).toEqual([])
    expect(await acme.audited('team.member_added')).toMatchObject({ source: 'manual' })
    expect(told(await put({ memberships: [] }, { prune: true }))).toHaveLength(2)
    const { problems } = await put({
      memberships: [{ user: 'Eve', team: 'Night shift', customer: 'Umbrella' }],
    })
    expect(problems).toEqual([
      { path: '/memberships/0', message: 'needs "team", or "businessUnit" with "customer"' },
    ])
  })
})
