import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import type { Browser } from '../../environment/browser.ts'
import { createUnits, unitsOf } from '../business-units.ts'
import { nodesOf, type SignInSetup, startSignIn } from './signed-in.ts'

const checkMs = 15 * 60_000

let setup: SignInSetup
let customerId: string
let research: string
let sales: string

beforeAll(async () => {
  // Its own loop rests: a test says when sessions are checked.
  setup = await startSignIn({ sessions: { checkMs: 1_440 * 60_000 } })
  const acme = await createUnits(setup.api, setup.tenant, 'Acme Europe', ['Research', 'Sales'])
  await createUnits(setup.api, setup.tenant, 'Other', ['Research', 'Marketing'])
  customerId = acme.customerId
  ;[research = '', sales = ''] = acme.ids
  await setRules(usualRules())
})
afterEach(() => setRules(usualRules()))
afterAll(() => setup.close())

async function mutate(field: string, input: object, type = ''): Promise<unknown> {
  const inputType = type || `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const document = `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename ... on Refusal { code message } } }`
  const { data, errors } = await setup.api.ask(setup.tenant.token, document, { input })
  expect(errors).toEqual([])
  return data?.[field]
}

const usualRules = () => [
  { claim: 'department', value: '*', customerId },
  { claim: 'groups', value: 'sellers', businessUnitId: sales },
]
const setRules = (businessUnitRules: object[]) =>
  mutate('updateIdentityProvider', { id: setup.providerId, businessUnitRules })

const describePerson = (login: string, claims: object) =>
  setup.describePerson(login, { roles: ['reader'], ...claims })

interface SignedIn {
  readonly browser: Browser
  readonly userId: string
}

async function signIn(login: string, claims: object): Promise<SignedIn> {
  const { browser, status } = await setup.signIn(describePerson(login, claims))
  expect(status).toBe(200)
  const { user } = await setup.viewerOf(browser)
  return { browser, userId: user.id }
}

const units = (userId: string) => unitsOf(setup.api, setup.tenant, userId)

describe('claims of whoever signs in', () => {
  it('make them a member of the business units of all rules that match, on record [X0-09]', async () => {
    const { userId } = await signIn('ann', { department: 'Research', groups: ['Sellers'] })
    expect(await units(userId)).toEqual(['IDP Research', 'IDP Sales'])
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { auditEvents(filter: {subjectId: $id}) { edges { node { type actor { kind id } details } } } }',
      { id: research },
    )
    expect(nodesOf(data, 'auditEvents')).toContainEqual({
      type: 'business_unit.member_added',
      actor: { kind: 'identity_provider', id: setup.providerId },
      details: expect.objectContaining({ userId, source: 'idp' }),
    })
  })

  it('take them out of none: a claim that is gone, empty or another changes nothing [X0-09]', async () => {
    const { userId } = await signIn('bob', { department: 'Research' })
    for (const claims of [{}, { department: [] }, { department: 'Nowhere' }]) await signIn('bob', claims)
    expect(await units(userId)).toEqual(['IDP Research'])
    await signIn('bob', { department: 'Sales' })
    expect(await units(userId)).toEqual(['IDP Research', 'IDP Sales'])
    await setRules([])
    await signIn('bob', {})
    expect(await units(userId)).toEqual(['IDP Research', 'IDP Sales'])
  })

  it('leave what somebody gave by hand, beside which they give their own', async () => {
    const { userId } = await signIn('carl', {})
    await mutate('addBusinessUnitMember', { businessUnitId: research, userId })
    await signIn('carl', { department: 'Research' })
    expect(await units(userId)).toEqual(['IDP Research', 'MANUAL Research'])
    await signIn('carl', {})
    expect(await units(userId)).toEqual(['IDP Research', 'MANUAL Research'])
  })

  it('give again what somebody took, while they still say so and no longer', async () => {
    const { userId } = await signIn('dora', { department: 'Research' })
    const remove = () => mutate('removeBusinessUnitMember', { businessUnitId: research, userId })
    expect(await remove()).toEqual({ __typename: 'Deleted' })
    expect(await units(userId)).toEqual([])
    await signIn('dora', { department: 'Research' })
    expect(await units(userId)).toEqual(['IDP Research'])
    await remove()
    await signIn('dora', {})
    expect(await units(userId)).toEqual([])
  })

  it('create no business unit: a name that the customer of the rule has none of is left out and logged', async () => {
    const { userId } = await signIn('eve', { department: ['Marketing', 'Brand new', 'Research'] })
    expect(await units(userId)).toEqual(['IDP Research'])
    const line = setup.api.logged.find((text) => text.includes(userId) && text.includes('no business unit'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ providerId: setup.providerId, leftOut: 2 })
    expect(line).not.toContain('Brand new')
    const { data } = await setup.api.ask(setup.tenant.token, '{ businessUnits { totalCount } }')
    expect(data?.businessUnits).toEqual({ totalCount: 4 })
  })

  it('give nothing to whom the rules do not let in', async () => {
    const { userId } = await signIn('finn', {})
    const refused = await setup.signIn(describePerson('finn', { roles: [], department: 'Research' }))
    expect(refused.page).toContain('user_not_authorized')
    expect(await units(userId)).toEqual([])
  })

  it('give nothing of a business unit that was deleted since, and keep nobody out', async () => {
    const { ids } = await createUnits(setup.api, setup.tenant, 'Short-lived', ['Gone'])
    const [businessUnitId = ''] = ids
    await setRules([{ claim: 'groups', value: '*', businessUnitId }, ...usualRules()])
    await mutate('deleteBusinessUnit', { id: businessUnitId }, 'ByIdInput')
    const { userId } = await signIn('gina', { groups: ['x'], department: 'Sales' })
    expect(await units(userId)).toEqual(['IDP Sales'])
  })
})

describe('the check of a session', () => {
  it('makes its person a member as its claims say by then, and takes them out of nothing', async () => {
    const { userId } = await signIn('hugo', { department: 'Research' })
    describePerson('hugo', { department: 'Sales' })
    await setup.api.controlPlane.database.transaction(setup.tenant.organizationId, (em) =>
      em.execute(`update sessions set checked_at = checked_at - interval '1 hour'`),
    )
    await checkSessions(setup.api.controlPlane.services, { checkMs })
    expect(await units(userId)).toEqual(['IDP Research', 'IDP Sales'])
  })
})
