import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issueRecoveryToken } from '../../control-plane/bootstrap.ts'
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
  it('works until its time is over, and is on record with the reason', async () => {
    const token = await recover('okta is down')
    const { data } = await api.ask(
      token,
      '{ viewer { role { name } } auditEvents(filter: {type: "admin.recovered"}) { edges { node { details actor { kind } } } } }',
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

  it('is not made without a reason', async () => {
    await expect(async () => recover('')).rejects.toThrow(/^reason: must not be empty/)
  })
})
