import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RoleApi, startRoleApi } from '../modules/roles/role-api.ts'
import { subscribe } from './event-stream.ts'

let acme: RoleApi
beforeAll(async () => {
  acme = await startRoleApi()
})
afterAll(() => acme.close())

it('a token that loses the permission ends the stream with an error, before the next event', async () => {
  const role = { name: 'Auditor', permissions: ['audit_logs:view'] }
  const { id } = await acme.createRole(role)
  const token = await acme.issue({ roleId: id })
  const { url } = acme.api.controlPlane
  const subscriber = await subscribe(url, token, 'subscription { auditRecorded { type } }')
  await acme.createUser({ name: 'Alice' })
  expect((await subscriber.next())?.data).toEqual({ auditRecorded: { type: 'user.created' } })
  await acme.updateRole({ id, permissions: [] })
  expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({
    ...{ code: 'FORBIDDEN', permission: 'audit_logs:view' },
  })
  expect(await subscriber.next()).toBeUndefined()
})
