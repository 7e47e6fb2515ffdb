import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SignInSetup, startSignIn } from '../../http/signed-in.ts'
import { createAccessPolicy } from './policy-api.ts'

let setup: SignInSetup

beforeAll(async () => {
  setup = await startSignIn()
  const { field, input, selection } = createAccessPolicy
  await setup.api.ask(
    setup.tenant.token,
    `mutation ($input: ${input}!) { ${field}(input: $input) { ${selection} } }`,
    {
      input: {
        ...{ name: 'MFA', effect: 'DENY_UNLESS', permissions: ['teams:view'], roleIds: ['role_viewer'] },
        condition: 'session.mfa',
      },
    },
  )
})
afterAll(() => setup.close())

it.each([
  ['has shown what counts as MFA at their provider', { acr: 'urn:okta:loa:2fa:any' }, 0],
  ['has shown something else', { acr: 'urn:okta:loa:1fa:any' }, 1],
  ['has shown nothing', {}, 1],
])('a condition on MFA is met by who %s, as MFA policies are', async (_, how, refusals) => {
  const person = setup.describePerson('ann', { roles: ['reader'], amr: ['pwd'], ...how })
  const { browser } = await setup.signIn(person)
  const { errors } = await setup.ask(browser, '{ teams { totalCount } }')
  expect(errors).toHaveLength(refusals)
})
