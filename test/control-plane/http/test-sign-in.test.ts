import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { createUnits } from '../business-units.ts'
import { enable, nodesOf, type SignInSetup, startSignIn } from './signed-in.ts'

let setup: SignInSetup
let aheadMs = 0

beforeAll(async () => {
  setup = await startSignIn({ now: () => Date.now() + aheadMs })
  await enable(setup.api, setup.tenant, setup.providerId, false)
})
afterAll(() => setup.close())

interface Test {
  readonly id: string
  readonly url: string
}

async function start(): Promise<Test> {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    `mutation ($id: ID!) { startTestSignIn(input: {id: $id}) { ... on StartedTestSignIn { url testSignIn { id done } } } }`,
    { id: setup.providerId },
  )
  const { url, testSignIn } = read<{ url: string; testSignIn: { id: string; done: boolean } }>(
    data,
    'startTestSignIn',
  )
  expect(testSignIn.done).toBe(false)
  return { id: testSignIn.id, url }
}

const resultQuery = `query ($id: ID!) { testSignIn(id: $id) { done refusal { code } person {
  subject claims user { id } role { name } isDefaultRole roleRules { value role { name } found matched }
  teams areTeamsKnown teamRules { matched } businessUnits { name } unknownBusinessUnits
  businessUnitRules { businessUnit { name } customer { name } found matched } isMfa amr } } }`

interface Found {
  readonly done: boolean
  readonly refusal: { readonly code: string } | null
  readonly person: Record<string, unknown> | null
}

async function resultOf(id: string, token = setup.tenant.token): Promise<Found | null> {
  const { data, errors } = await setup.api.ask(token, resultQuery, { id })
  expect(errors).toEqual([])
  return (data?.testSignIn ?? null) as Found | null
}

async function run(login: string): Promise<Found & { browser: Browser; page: string; id: string }> {
  const { id, url } = await start()
  const browser = new Browser()
  const { response } = await browser.visit(url, { login })
  const page = (await response?.text()) ?? ''
  const found = await resultOf(id)
  if (!found) throw new Error('there is no such test')
  return { ...found, browser, page, id }
}

const usersNamed = async (name: string) => {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    'query ($name: String!) { users(filter: {search: $name}) { edges { node { id } } } }',
    { name },
  )
  return nodesOf(data, 'users')
}

describe('a test sign-in at a provider that is not enabled', () => {
  it('shows what the provider says and what the rules make of it, and why', async () => {
    const claims = { roles: ['Engineer', 'other'], groups: ['sre'], amr: ['pwd', 'mfa'] }
    const { done, refusal, person } = await run(setup.describePerson('tested', claims))
    expect([done, refusal]).toEqual([true, null])
    expect(person).toMatchObject({
      ...{ subject: 'tested', user: null, role: { name: 'developer' }, isDefaultRole: false },
      ...{ teams: ['sre'], areTeamsKnown: true, isMfa: true, amr: ['pwd', 'mfa'] },
      claims: { name: 'Person tested', groups: ['sre'] },
      teamRules: [{ matched: ['sre'] }],
    })
    expect(person?.roleRules).toEqual([
      {
        ...{ value: 'gatehouse-admin', role: { name: 'admin' } },
        ...{ found: ['Engineer', 'other'], matched: [] },
      },
      { value: 'engineer', role: { name: 'developer' }, found: ['Engineer', 'other'], matched: ['Engineer'] },
      { value: 'reader', role: { name: 'viewer' }, found: ['Engineer', 'other'], matched: [] },
    ])
  })

  it('shows the business units that they would be of, and what names none', async () => {
    const { customerId, ids } = await createUnits(setup.api, setup.tenant, 'Tested', ['Research', 'Sales'])
    const businessUnitRules = [
      { claim: 'department', value: '*', customerId },
      { claim: 'groups', value: 'sellers', businessUnitId: ids[1] },
    ]
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: UpdateIdentityProviderInput!) { updateIdentityProvider(input: $input) { __typename } }',
      { input: { id: setup.providerId, businessUnitRules } },
    )
    const claims = { roles: ['reader'], department: ['Research', 'Nowhere'], groups: ['sre'] }
    const { person } = await run(setup.describePerson('placed', claims))
    expect(person).toMatchObject({ businessUnits: [{ name: 'Research' }], unknownBusinessUnits: ['Nowhere'] })
    expect(person?.businessUnitRules).toEqual([
      {
        ...{ businessUnit: null, customer: { name: 'Tested' } },
        ...{ found: ['Research', 'Nowhere'], matched: ['Research', 'Nowhere'] },
      },
      { businessUnit: { name: 'Sales' }, customer: null, found: ['sre'], matched: [] },
    ])
  })

  it('makes no session, no user and no team', async () => {
    const login = setup.describePerson('nobody', { roles: ['gatehouse-admin'], groups: ['brand new'] })
    const { browser, page } = await run(login)
    expect(page).toContain('You are not signed in by it')
    expect([...browser.cookiesOf(setup.url)].map(([name]) => name)).toEqual([])
    expect((await setup.ask(browser, '{ viewer { id } }')).status).toBe(401)
    expect(await usersNamed('nobody')).toEqual([])
    const { data } = await setup.api.ask(setup.tenant.token, '{ teams { edges { node { name } } } }')
    expect(JSON.stringify(data)).not.toContain('brand new')
  })

  it('says whom the rules would not let in, and names no reason to the browser but a word', async () => {
    const { refusal, person, page } = await run(setup.describePerson('unmapped', { roles: ['secret-role'] }))
    expect(refusal).toEqual({ code: 'user_not_authorized' })
    expect(person).toMatchObject({ role: null })
    expect(page).toContain('user_not_authorized')
    expect(page).not.toContain('secret-role')
  })

  it('is seen by whoever started it, and by no other admin', async () => {
    const { id } = await run(setup.describePerson('private', { roles: ['reader'] }))
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'mutation { createUser(input: {name: "Other admin"}) { ... on User { id } } }',
    )
    const userId = read<{ id: string }>(data, 'createUser').id
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: AssignRoleInput!) { assignRole(input: $input) { __typename } }',
      { input: { userId, roleId: 'role_admin' } },
    )
    const issued = await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }',
      { input: { name: 'other', role: 'ADMIN', userId } },
    )
    const { secret } = read<{ secret: string }>(issued.data, 'issueApiToken')
    expect(await resultOf(id, secret)).toBeNull()
    expect(await resultOf(id)).not.toBeNull()
  })

  it('leaves nothing of the person in the audit log, nor in plain columns', async () => {
    const { id } = await run(setup.describePerson('canary-person', { roles: ['canary-role'] }))
    const { database } = setup.api.controlPlane
    const rows = await database.transaction(setup.tenant.organizationId, async (em) => ({
      audit: await em.execute('select * from audit_events where type like ?', ['identity_provider.test%']),
      tests: await em.execute('select * from test_sign_ins where id = ?', [id]),
    }))
    expect(JSON.stringify(rows)).toContain(id)
    expect(JSON.stringify(rows)).not.toContain('canary')
    expect(setup.api.logged.join('\n')).not.toContain('canary-role')
  })

  it('is begun once, by one browser', async () => {
    const { url } = await start()
    const first = await new Browser().request(url)
    expect(first.status).toBe(302)
    expect(new URL(first.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login')
    expect((await new Browser().request(url)).status).toBe(404)
    expect((await new Browser().request(`${url}x`)).status).toBe(404)
  })

  it('lets nobody in by its answer, whatever the browser was signed in as', async () => {
    await enable(setup.api, setup.tenant, setup.providerId, true)
    const { browser } = await setup.signIn(setup.describePerson('before', { roles: ['reader'] }))
    await enable(setup.api, setup.tenant, setup.providerId, false)
    setup.describePerson('before', { roles: ['gatehouse-admin'] })
    const { url } = await start()
    await browser.visit(url, { login: 'before' })
    expect((await setup.viewerOf(browser)).role.name).toBe('viewer')
  })

  it('has what was not to be believed as its result', async () => {
    const { id, url } = await start()
    const browser = new Browser()
    const stopAt = (at: string) => at.includes('/callback')
    const answer = new URL((await browser.visit(url, { login: 'forged', stopAt })).url)
    answer.searchParams.set('iss', 'https://evil.example')
    expect((await browser.request(answer.href)).status).toBe(400)
    expect(await resultOf(id)).toEqual({ done: true, refusal: { code: 'callback_invalid' }, person: null })
  })

  // Last, for no clock goes back.
  it('is forgotten within ten minutes', async () => {
    const { id } = await run(setup.describePerson('forgotten', { roles: ['reader'] }))
    aheadMs = 9 * 60_000
    expect(await resultOf(id)).toBeNull()
    await start()
    const rows = await setup.api.controlPlane.database.transaction(setup.tenant.organizationId, (em) =>
      em.execute('select id from test_sign_ins where id = ?', [id]),
    )
    expect(rows).toEqual([])
  })
})
