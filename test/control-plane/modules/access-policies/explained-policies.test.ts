import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RoleApi, startRoleApi } from '../roles/role-api.ts'
import { explain, makePolicy, officeHours } from './policy-api.ts'

/** A Monday, at 13:00 in Berlin. */
let now = Date.parse('2030-01-07T12:00:00Z')
let roles: RoleApi
let token: string
let userId: string
let roleId: string
beforeAll(async () => {
  roles = await startRoleApi({ now: () => now })
  roleId = (await roles.createRole({ name: 'teams', permissions: ['teams:*'] })).id
  userId = await roles.createUser({ name: 'Ida' })
  await roles.assign({ userId, roleId })
  token = await roles.issue({ userId, roleId })
})
afterAll(() => roles.close())

const about = (permission: string) => explain(roles, token, { permission })

describe('why somebody may not do something names the policy that decides, and what would make it yes', () => {
  it('of a plain denial', async () => {
    await makePolicy(roles, { name: 'Never', permissions: ['teams:delete'], roleIds: [roleId] })
    const text = 'The access policy "Never" denies it, always.'
    expect(await about('teams:delete')).toMatchObject({
      ...{ allowed: false, explanation: `No. ${text}` },
      reasons: [{ counts: true }, { counts: true }],
      policies: [{ name: 'Never', verdict: 'DENIES', explanation: text }],
    })
    expect(await about('teams:view')).toMatchObject({ allowed: true, policies: [] })
  })

  it('of a condition, as far as the request is known', async () => {
    const condition = 'inNetwork(request.ip, "10.0.0.0/8")'
    await makePolicy(roles, {
      ...{
        name: 'Inside',
        effect: 'DENY_UNLESS',
        permissions: ['teams:update'],
        roleIds: [roleId],
        condition,
      },
    })
    const text = `The access policy "Inside" denies it except while ${condition}.`
    expect(await about('teams:update')).toMatchObject({
      ...{ allowed: false, explanation: `No. ${text} That is not so now.` },
    })
    const ofAnother = await explain(roles, roles.tenant.token, { permission: 'teams:update', userId })
    expect(ofAnother).toMatchObject({
      allowed: false,
      policies: [{ verdict: 'UNKNOWN', explanation: `${text} Whether that is so is not known here.` }],
    })
  })

  it('of a time window, as time goes on', async () => {
    const input = { effect: 'DENY_UNLESS', permissions: ['teams:create'], roleIds: [roleId] }
    await makePolicy(roles, { name: 'Office', ...input, timeWindows: [officeHours] })
    const hours = 'it is Mon, Tue, Wed, Thu, Fri from 09:00 until 17:00 (Europe/Berlin)'
    expect(await about('teams:create')).toMatchObject({ allowed: true, policies: [{ verdict: 'ALLOWS' }] })
    now = Date.parse('2030-01-07T18:00:00Z')
    expect(await about('teams:create')).toMatchObject({
      allowed: false,
      explanation: `No. The access policy "Office" denies it except while ${hours}. That is not so now.`,
    })
  })
})
