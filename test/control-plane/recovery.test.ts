import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allPermissions } from '../../contract/permissions.ts'
import { issueAdminToken, issueRecoveryToken } from '../../control-plane/bootstrap.ts'
import { read, startApi, type Tenant, type TestApi } from './api.ts'

/** The command itself has the machine's clock. */
let nowMs = Date.now()
let api: TestApi
let tenant: Tenant
beforeAll(async () => {
  api = await startApi({ now: () => nowMs })
  tenant = await api.createTenant('Acme')
})
afterAll(() => api.close())

const recover = (reason: string) =>
  issueRecoveryToken(api.controlPlane.database, tenant.organizationId, { reason, minutes: 60 })

describe('a token of recover-admin', () => {
  it('allows everything, however little the role admin did, and what that was is on record', async () => {
    const { database } = api.controlPlane
    await database.transaction(tenant.organizationId, (em) =>
      em.execute(`update roles set withheld_permissions = ?::jsonb where name = 'admin'`, [
        JSON.stringify(allPermissions.filter((permission) => permission !== 'teams:view')),
      ]),
    )
    const token = await recover('nobody may do anything any more')
    const { data } = await api.ask(
      token,
      '{ viewer { permissions } auditEvents(first: 1, filter: {type: "role.updated"}) { edges { node { details actor { kind } } } } }',
    )
    const permissions = [...allPermissions].sort()
    expect(read<object>(data, 'viewer')).toEqual({ permissions })
    expect(read<object>(data, 'auditEvents')).toMatchObject({
      edges: [
        {
          node: {
            details: { before: { permissions: ['teams:view'] }, after: { permissions } },
            actor: { kind: 'system' },
          },
        },
      ],
    })
  })

  it('gives nothing that lasts, as a token of create-admin-token does', async () => {
    const created = await api.ask(
      tenant.token,
      'mutation { createUser(input: {name: "Ada"}) { ... on User { id } } }',
    )
    const { id: userId } = read<{ id: string }>(created.data, 'createUser')
    const assign = async (token: string) => {
      const input = { userId, roleId: 'role_admin' }
      const { data } = await api.ask(
        token,
        'mutation ($input: AssignRoleInput!) { assignRole(input: $input) { __typename } }',
        { input },
      )
      return read<{ __typename: string }>(data, 'assignRole').__typename
    }
    expect(await assign(await recover('okta is down'))).toBe('RightsExceeded')
    const usual = await issueAdminToken(api.controlPlane.database, tenant.organizationId, 'usual')
    expect(await assign(usual)).toBe('RoleAssignment')
  })

  it('is not made without a reason', async () => {
    await expect(async () => recover('')).rejects.toThrow(/^reason: must not be empty/)
  })

  it('works until its time is over, and is on record with the reason', async () => {
    const token = await recover('okta is down')
    const { data } = await api.ask(
      token,
      '{ viewer { role { name } } auditEvents(first: 1, filter: {type: "admin.recovered"}) { edges { node { details actor { kind } } } } }',
    )
    expect(read<{ role: { name: string } }>(data, 'viewer').role.name).toBe('admin')
    expect(read<object>(data, 'auditEvents')).toEqual({
      edges: [
        {
          node: {
            details: { reason: 'okta is down', minutes: 60, severity: 'high' },
            actor: { kind: 'system' },
          },
        },
      ],
    })
    nowMs += 61 * 60_000
    expect((await api.ask(token, '{ viewer { name } }')).status).toBe(401)
  })
})
