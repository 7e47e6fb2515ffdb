import { afterAll, beforeAll, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { type SignInSetup, startSignIn } from '../../http/signed-in.ts'

let setup: SignInSetup
beforeAll(async () => {
  setup = await startSignIn()
}, 60_000)
afterAll(() => setup.close())

it('whoever signed in asks about themselves, and the review says which provider gave them their role', async () => {
  setup.identityProvider.people.set('rita', { name: 'Rita', roles: ['reader'] })
  const { browser } = await setup.signIn('rita')
  const question = `query($input: ExplainPermissionInput!) { explainPermission(input: $input) {
    allowed reasons { role { name } assignment { id } counts } } }`
  const ask = (permission: string) => setup.ask(browser, question, { input: { permission } })
  const one = { role: { name: 'viewer' }, assignment: { id: expect.any(String) } }
  expect(await ask('teams:view')).toMatchObject({
    data: { explainPermission: { allowed: true, reasons: [{ ...one, counts: true }] } },
  })
  expect(await ask('teams:update')).toMatchObject({
    data: { explainPermission: { allowed: false, reasons: [{ ...one, counts: false }] } },
  })
  const review = `{ accessReview { assignments { edges { node {
    source givenBy { id } user { name active lastSignedInAt } } } } } }`
  const { data } = await setup.api.ask(setup.tenant.token, review)
  const { assignments } = read<{ assignments: { edges: readonly object[] } }>(data, 'accessReview')
  const user = { name: 'Rita', active: true, lastSignedInAt: expect.any(String) }
  expect(assignments.edges).toEqual([
    { node: { source: 'IDENTITY_PROVIDER', givenBy: { id: setup.providerId }, user } },
  ])
}, 60_000)
