import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { weekdays } from '../../../../contract/budget-windows.ts'
import { disableAccessPolicies } from '../../../../control-plane/modules/access-policies/index.ts'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import {
  createAccessPolicy,
  deleteAccessPolicy,
  makePolicy,
  officeHours,
  updateAccessPolicy,
} from './policy-api.ts'

/** A Sunday. */
const now = Date.parse('2030-01-06T12:00:00Z')
let roles: RoleApi
beforeAll(async () => {
  roles = await startRoleApi({ now: () => now })
})
afterAll(() => roles.close())
beforeEach(() => disableAccessPolicies(roles.api.controlPlane.database, roles.tenant.organizationId))

let count = 0
const everything = () => ({
  ...{ name: `everything ${++count}`, effect: 'DENY_WHEN', permissions: ['*'], everybody: true },
})
const policiesLeft = async () =>
  (await roles.api.ask(roles.tenant.token, '{ accessPolicies { totalCount } }')).errors.length === 0

describe('a policy with which nobody could change policies any more is refused', () => {
  it.each([
    ['of everybody, always', {}],
    [
      'of everybody, at all times of the week',
      { timeWindows: [{ ...officeHours, days: weekdays, from: '00:00', until: '24:00' }] },
    ],
    ['of the only role that may', { everybody: false, roleIds: ['role_admin'] }],
    ['under a condition that nobody is known to meet', { effect: 'DENY_UNLESS', condition: 'session.mfa' }],
  ])('%s', async (_, input) => {
    const refused = await roles.mutate(createAccessPolicy, { ...everything(), ...input })
    expect(refused).toMatchObject({ code: 'POLICY_LOCKOUT' })
    expect(await policiesLeft()).toBe(true)
  })

  it('by a change of one that there is, too', async () => {
    const { id } = await makePolicy(roles, { permissions: ['teams:view'], everybody: true })
    expect(await roles.mutate(updateAccessPolicy, { id, permissions: ['*:update'] })).toMatchObject({
      code: 'POLICY_LOCKOUT',
    })
    await roles.mutate(deleteAccessPolicy, { id })
  })
})

describe('a policy is made', () => {
  it('when there are times at which it could be undone', async () => {
    const made = await roles.mutate(createAccessPolicy, {
      ...{ ...everything(), effect: 'DENY_UNLESS', timeWindows: [officeHours] },
    })
    expect(made.code).toBeUndefined()
    expect(await policiesLeft()).toBe(false)
  })

  it('when whoever makes it meets its condition', async () => {
    const condition = 'inNetwork(request.ip, "127.0.0.0/8")'
    const made = await roles.mutate(createAccessPolicy, {
      ...{ ...everything(), effect: 'DENY_UNLESS', condition },
    })
    expect(made.code).toBeUndefined()
    expect(await policiesLeft()).toBe(true)
  })

  it('when somebody else is left whom it is not about', async () => {
    const { id: roleId } = await roles.createRole({ name: 'keeper', permissions: ['access_policies:*'] })
    const keeper = await roles.issue({ roleId })
    const made = await roles.mutate(createAccessPolicy, {
      ...{ ...everything(), everybody: false, roleIds: ['role_admin'] },
    })
    expect(made.code).toBeUndefined()
    expect(await policiesLeft()).toBe(false)
    const { result } = await roles.mutateAs(keeper, deleteAccessPolicy, { id: made.id })
    expect(result).toMatchObject({ id: made.id })
    expect(await policiesLeft()).toBe(true)
  })
})

it('whoever has the database disables all policies, and that is on record', async () => {
  await roles.mutate(createAccessPolicy, {
    ...{ ...everything(), effect: 'DENY_UNLESS', timeWindows: [officeHours] },
  })
  expect(await policiesLeft()).toBe(false)
  const { database } = roles.api.controlPlane
  const [disabled] = await disableAccessPolicies(database, roles.tenant.organizationId)
  expect(disabled).toBe(`everything ${count}`)
  expect(await policiesLeft()).toBe(true)
  expect(await roles.audited('access_policy.updated')).toMatchObject({ after: { enabled: false } })
})
