import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import {
  enable,
  nodesOf,
  type SignInSetup,
  startSignIn,
  type ViewerAnswer,
  viewerQuery,
} from './signed-in.ts'

let setup: SignInSetup
let clock = Date.now()

beforeAll(async () => {
  setup = await startSignIn({ now: () => clock })
})
afterAll(() => setup.close())

const describePerson: SignInSetup['describePerson'] = (login, claims) => setup.describePerson(login, claims)
const viewerOf: SignInSetup['viewerOf'] = (browser) => setup.viewerOf(browser)
const teamsOf = ({ user }: ViewerAnswer) => user.memberships.edges.map(({ node }) => node.team.name).sort()

async function auditTypes(type: string): Promise<{ type: string; details: Record<string, unknown> }[]> {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    `query ($type: String!) { auditEvents(filter: {type: $type}) { edges { node { type details } } } }`,
    { type },
  )
  return nodesOf(data, 'auditEvents')
}

describe('signing in', () => {
  it('makes a user of somebody who signs in first, with the role and teams that their claims say', async () => {
    const alice = describePerson('alice', {
      ...{ email: 'Alice@example.com', email_verified: true },
      ...{ roles: ['reader', 'engineer'], groups: ['platform', 'ml'] },
    })
    const { browser, status } = await setup.signIn(alice)
    expect(status).toBe(200)
    const viewer = await viewerOf(browser)
    expect(viewer).toMatchObject({ name: 'Person alice', role: { name: 'developer' } })
    expect(viewer.user.email).toBe('alice@example.com')
    expect(teamsOf(viewer)).toEqual(['ml', 'platform'])
    const again = await viewerOf((await setup.signIn(alice)).browser)
    expect(again.user.id).toBe(viewer.user.id)
  })

  it('takes away at the next sign-in what the claims say no more, and nothing that somebody else gave', async () => {
    const login = describePerson('bob', { roles: ['gatehouse-admin'], groups: ['platform', 'ml'] })
    const first = await viewerOf((await setup.signIn(login)).browser)
    expect(first.role.name).toBe('admin')
    const { data } = await setup.api.ask(setup.tenant.token, '{ teams { edges { node { id name } } } }')
    const ml = nodesOf<{ id: string; name: string }>(data, 'teams').find(({ name }) => name === 'ml')
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: AddTeamMemberInput!) { addTeamMember(input: $input) { __typename } }',
      { input: { teamId: ml?.id, userId: first.user.id } },
    )
    describePerson('bob', { roles: ['reader'], groups: [] })
    const second = await viewerOf((await setup.signIn(login)).browser)
    expect(second.role.name).toBe('viewer')
    expect(second.user.memberships.edges).toEqual([{ node: { source: 'MANUAL', team: { name: 'ml' } } }])
  })

  it('lowers the rights of a session that is open when the claims are lower at another sign-in', async () => {
    const login = describePerson('lowered', { roles: ['gatehouse-admin'] })
    const { browser } = await setup.signIn(login)
    expect((await viewerOf(browser)).permissions).toContain('roles:assign')
    describePerson('lowered', { roles: ['reader'] })
    await setup.signIn(login)
    expect((await viewerOf(browser)).permissions).not.toContain('roles:assign')
  })

  it('takes everything back that it gave to somebody whom the rules let in no more, from their tokens too', async () => {
    const login = describePerson('gone', { roles: ['engineer'], groups: ['ml'] })
    const { user } = await viewerOf((await setup.signIn(login)).browser)
    const { data } = await setup.api.ask(
      setup.tenant.token,
      `mutation ($id: ID!) { issueApiToken(input: {name: "of gone", role: DEVELOPER, userId: $id}) { ... on IssuedApiToken { secret } } }`,
      { id: user.id },
    )
    const { secret } = read<{ secret: string }>(data, 'issueApiToken')
    const permissions = async () => {
      const answer = await setup.api.ask(secret, '{ viewer { permissions } }')
      return read<{ permissions: string[] }>(answer.data, 'viewer').permissions
    }
    expect(await permissions()).toContain('virtual_keys:create')
    describePerson('gone', { roles: ['nothing'], groups: [] })
    expect((await setup.signIn(login)).page).toContain('user_not_authorized')
    expect(await permissions()).toEqual([])
    const members = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { user(id: $id) { memberships { edges { node { source } } } } }',
      { id: user.id },
    )
    expect(members.data?.user).toEqual({ memberships: { edges: [] } })
  })

  it('leaves memberships as they are when the claim that names teams is missing', async () => {
    const login = describePerson('carol', { roles: ['reader'], groups: ['ml'] })
    await setup.signIn(login)
    describePerson('carol', { roles: ['reader'] })
    expect(teamsOf(await viewerOf((await setup.signIn(login)).browser))).toEqual(['ml'])
  })

  it('lets somebody in whose groups no team can be named, without those', async () => {
    const groups = ['ml', 'x'.repeat(200), ' padded ', 'turned\u202eround']
    const { browser, status } = await setup.signIn(describePerson('oddly', { roles: ['reader'], groups }))
    expect(status).toBe(200)
    expect(teamsOf(await viewerOf(browser))).toEqual(['ml'])
  })

  it('refuses in words, and logs why, when what the rules give cannot be given', async () => {
    const profile = await setup.api.ask(
      setup.tenant.token,
      'mutation { createAccessProfile(input: {name: "of a role", providerConfigs: []}) { ... on AccessProfile { id } } }',
    )
    const { id: accessProfileId } = read<{ id: string }>(profile.data, 'createAccessProfile')
    const role = await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { ... on Role { id } } }',
      { input: { name: 'with a key', permissions: ['teams:view'], workspaceIds: [], accessProfileId } },
    )
    const { id: roleId } = read<{ id: string }>(role.data, 'createRole')
    const rule = (rules: object[]) =>
      setup.api.ask(
        setup.tenant.token,
        'mutation ($input: UpdateIdentityProviderInput!) { updateIdentityProvider(input: $input) { __typename } }',
        { input: { id: setup.providerId, roleRules: rules } },
      )
    const former = [
      { claim: 'roles', value: 'gatehouse-admin', roleId: 'role_admin' },
      { claim: 'roles', value: 'engineer', roleId: 'role_developer' },
      { claim: 'roles', value: 'reader', roleId: 'role_viewer' },
    ]
    await rule([...former, { claim: 'roles', value: 'keyed', roleId }])
    const { status, page } = await setup.signIn(describePerson('keyless', { roles: ['keyed'] }))
    expect([status, page.includes('provider_misconfigured')]).toEqual([400, true])
    expect(setup.api.logged.at(-1)).toContain('a sign-in was refused')
    await rule(former)
  })

  it('refuses whoever matches no rule, keeps nothing of them, and has it on record', async () => {
    const login = describePerson('mallory', { roles: ['Admin', 'ADMIN', '__proto__', '*'], groups: ['ml'] })
    const { browser, status, page } = await setup.signIn(login)
    expect(status).toBe(403)
    expect(page).toContain('user_not_authorized')
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    const users = await setup.api.ask(
      setup.tenant.token,
      '{ users(filter: {search: "mallory"}) { edges { node { id } } } }',
    )
    expect(users.data?.users).toEqual({ edges: [] })
    const refused = await auditTypes('user.sign_in_refused')
    expect(refused[0]?.details).toMatchObject({ code: 'user_not_authorized' })
  })

  it('never takes an e-mail address for who somebody is', async () => {
    const { user } = await viewerOf(
      (
        await setup.signIn(
          describePerson('dora', { roles: ['reader'], email: 'dora@example.com', email_verified: true }),
        )
      ).browser,
    )
    const thief = describePerson('thief', {
      roles: ['reader'],
      email: 'DORA@example.com',
      email_verified: true,
    })
    const { browser, status, page } = await setup.signIn(thief)
    expect([status, page.includes('email_taken')]).toEqual([409, true])
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    const { data } = await setup.api.ask(setup.tenant.token, 'query ($id: ID!) { user(id: $id) { name } }', {
      id: user.id,
    })
    expect(data?.user).toEqual({ name: 'Person dora' })
  })

  it('leaves out an e-mail address that the provider did not verify', async () => {
    const login = describePerson('eve', {
      roles: ['reader'],
      email: 'ceo@example.com',
      email_verified: false,
    })
    expect((await viewerOf((await setup.signIn(login)).browser)).user.email).toBeNull()
  })

  it('makes one user of somebody who signs in first with two browsers at once', async () => {
    const login = describePerson('twice', { roles: ['reader'] })
    const both = await Promise.all([setup.signIn(login), setup.signIn(login)])
    const [one, other] = await Promise.all(both.map(({ browser }) => viewerOf(browser)))
    expect(one?.user.id).toBe(other?.user.id)
  })

  it('makes one team of a group that many people bring first at the same time', async () => {
    const logins = ['a', 'b', 'c', 'd'].map((name) =>
      describePerson(`new-${name}`, { roles: ['reader'], groups: ['brand-new', 'newer'] }),
    )
    const all = await Promise.all(logins.map((login) => setup.signIn(login)))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const { data } = await setup.api.ask(setup.tenant.token, '{ teams { edges { node { name } } } }')
    const names = nodesOf<{ name: string }>(data, 'teams').map(({ name }) => name)
    expect(names.filter((name) => name.startsWith('brand') || name === 'newer').sort()).toEqual([
      ...['brand-new', 'newer'],
    ])
  })

  it('says in the audit log of whatever they change who did it, and by which sign-in', async () => {
    const { browser } = await setup.signIn(describePerson('frank', { roles: ['gatehouse-admin'] }))
    const { user } = await viewerOf(browser)
    await setup.ask(
      browser,
      'mutation ($id: ID!) { createCustomer(input: {workspaceId: $id, name: "Of Frank"}) { __typename } }',
      { id: setup.tenant.workspaceId },
    )
    const { data } = await setup.api.ask(
      setup.tenant.token,
      '{ auditEvents(filter: {type: "customer.created"}) { edges { node { actor { kind id name } details } } } }',
    )
    expect(nodesOf(data, 'auditEvents')[0]).toMatchObject({
      actor: { kind: 'user', id: user.id, name: 'Person frank' },
      details: { signIn: { providerId: setup.providerId, subject: 'frank' } },
    })
  })
})

const answerFor: SignInSetup['answerFor'] = (...of) => setup.answerFor(...of)

async function refusalOf(response: Response): Promise<[number, string | undefined]> {
  return [response.status, /<code>(\w+)<\/code>/.exec(await response.text())?.[1]]
}

describe('a sign-in that somebody tampers with', () => {
  it('is completed by no other browser than the one in which it began', async () => {
    const answer = await answerFor(describePerson('victim', { roles: ['gatehouse-admin'] }), new Browser())
    expect(await refusalOf(await new Browser().request(answer))).toEqual([400, 'sign_in_unknown'])
    const attacker = new Browser()
    await answerFor(describePerson('attacker', { roles: ['reader'] }), attacker)
    expect((await attacker.request(answer)).status).toBe(400)
  })

  it('is completed once', async () => {
    const browser = new Browser()
    const answer = await answerFor(describePerson('once', { roles: ['reader'] }), browser)
    const ticket = [...browser.cookiesOf(setup.url)].find(([name]) => name.includes('sign-in'))
    expect((await browser.request(answer)).status).toBe(302)
    browser.setCookie(setup.url, ...(ticket ?? ['', '']))
    expect(await refusalOf(await browser.request(answer))).toEqual([400, 'sign_in_unknown'])
  })

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'x'.repeat(43))],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['another code', (url: URL) => url.searchParams.set('code', 'x'.repeat(43))],
    ['two codes', (url: URL) => url.searchParams.append('code', 'x'.repeat(43))],
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer', (url: URL) => url.searchParams.delete('iss')],
    ['an error with a script', (url: URL) => url.searchParams.set('error', '<script>alert(1)</script>')],
  ])('is refused with %s, and nobody is signed in', async (_what, change) => {
    const browser = new Browser()
    const url = new URL(await answerFor(describePerson('tampered', { roles: ['reader'] }), browser))
    change(url)
    const response = await browser.request(url.href)
    const page = await response.clone().text()
    expect(page).not.toContain('<script>')
    expect((await refusalOf(response))[0]).toBeGreaterThanOrEqual(400)
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
  })

  it('is not completed at a provider that was disabled meanwhile', async () => {
    const browser = new Browser()
    const answer = await answerFor(describePerson('disabled', { roles: ['reader'] }), browser)
    await enable(setup.api, setup.tenant, setup.providerId, false)
    try {
      expect(await refusalOf(await browser.request(answer))).toEqual([404, 'provider_unknown'])
    } finally {
      await enable(setup.api, setup.tenant, setup.providerId, true)
    }
  })

  it.each([
    ...[
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'https:evil.example',
      'https://evil.example/',
    ],
    ...['javascript:alert(1)', '/a\r\nSet-Cookie: x=1', '', 'relative', '/\tevil', '/%0d%0a/../\\evil'],
  ])('goes back to no other place than a path of ours: %j', async (returnTo) => {
    const query = `organization=${setup.tenant.organizationId}&returnTo=${encodeURIComponent(returnTo)}`
    const response = await new Browser().request(`${setup.url}/auth/oidc/okta/login?${query}`)
    expect(await refusalOf(response)).toEqual([400, 'return_to_invalid'])
  })

  it('goes back to the path that was asked for', async () => {
    const browser = new Browser()
    const login = describePerson('returning', { roles: ['reader'] })
    const answer = await answerFor(login, browser, `&returnTo=${encodeURIComponent('/account?tab=keys')}`)
    expect((await browser.request(answer)).headers.get('location')).toBe('/account?tab=keys')
  })
})

// Last, for no clock goes back: whoever is counted by it would have to wait.
describe('a sign-in that takes long', () => {
  it('is too late after ten minutes', async () => {
    const browser = new Browser()
    const answer = await answerFor(describePerson('late', { roles: ['reader'] }), browser)
    clock += 600_000
    expect(await refusalOf(await browser.request(answer))).toEqual([400, 'sign_in_unknown'])
  })
})
