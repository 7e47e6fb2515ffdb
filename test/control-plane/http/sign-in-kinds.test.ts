import type { Browser as ChromiumBrowser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import type { Browser } from '../../environment/browser.ts'
import { launchChromium, sayWho } from '../../environment/chromium.ts'
import {
  type SignInOptions,
  type SignInSetup,
  startSignIn,
  type ViewerAnswer,
  viewerQuery,
} from './signed-in.ts'

interface Shape {
  readonly kind: string
  readonly options: SignInOptions
  /** Of somebody who is an admin and of the team `sre`, as far as the kind can say so. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly teams: readonly string[]
  /** Of the same person once they are a viewer of no team. */
  readonly lowered: Readonly<Record<string, unknown>>
  /** Of somebody whom this kind must never let in. */
  readonly strangers?: readonly Readonly<Record<string, unknown>>[]
}

const rules = (claim: string, admin: string, viewer: string) => [
  { claim, value: admin, roleId: 'role_admin' },
  { claim, value: viewer, roleId: 'role_viewer' },
]
const tenant = '8f4e6b1c-52d3-4f0a-9a57-0c7f4c1d2e3f'
const sreGroup = '5f8a1c7e-3d1b-4c09-8f2e-6a4b9d0e1c22'
const zitadelRoles = 'urn:zitadel:iam:org:project:roles'
const inZitadel = (...roles: readonly string[]) =>
  Object.fromEntries(roles.map((role) => [role, { '2301': 'acme.zitadel.cloud' }]))
const ofGoogle = { hd: 'example.com', email: 'ann@example.com', email_verified: true }

/** What each of them puts into an ID token, by their documentation. */
const shapes: readonly Shape[] = [
  {
    kind: 'OKTA',
    options: { provider: { kind: 'OKTA', roleRules: rules('groups', 'gatehouse-admins', 'Everyone') } },
    claims: { groups: ['Everyone', 'sre', 'gatehouse-admins'], amr: ['pwd', 'mfa'] },
    teams: ['Everyone', 'gatehouse-admins', 'sre'],
    lowered: { groups: ['Everyone'] },
  },
  {
    kind: 'ENTRA',
    options: {
      path: `/${tenant}/v2.0`,
      provider: {
        kind: 'ENTRA',
        roleRules: rules('roles', 'Gatehouse.Admin', 'Gatehouse.Viewer'),
        teamRules: [{ claim: 'groups', value: sreGroup, team: 'sre' }],
      },
    },
    claims: { oid: '5c1f0e0a', tid: tenant, roles: ['Gatehouse.Admin'], groups: [sreGroup] },
    teams: ['sre'],
    lowered: { oid: '5c1f0e0a', tid: tenant, roles: ['Gatehouse.Viewer'], groups: [] },
    strangers: [{ oid: '5c1f0e0a', tid: '9188040d-6c67-4c5b-b112-36a304b66dad', roles: ['Gatehouse.Admin'] }],
  },
  {
    kind: 'KEYCLOAK',
    options: {
      path: '/realms/acme',
      provider: {
        kind: 'KEYCLOAK',
        roleRules: rules('realm_access.roles', 'gatehouse-admin', 'gatehouse-viewer'),
        teamRules: [{ claim: 'groups', value: '/platform/sre', team: 'sre' }],
      },
    },
    claims: {
      acr: 1,
      realm_access: { roles: ['offline_access', 'uma_authorization', 'gatehouse-admin'] },
      groups: ['/platform/sre', '/everybody'],
    },
    teams: ['sre'],
    lowered: { acr: 1, realm_access: { roles: ['gatehouse-viewer'] }, groups: ['/everybody'] },
  },
  {
    kind: 'ZITADEL',
    options: {
      provider: {
        kind: 'ZITADEL',
        roleRules: rules(zitadelRoles, 'admin', 'viewer'),
        teamRules: [{ claim: zitadelRoles, value: 'sre', team: '*' }],
      },
    },
    claims: { [zitadelRoles]: inZitadel('admin', 'sre') },
    teams: ['sre'],
    lowered: { [zitadelRoles]: inZitadel('viewer') },
  },
  {
    kind: 'GOOGLE_WORKSPACE',
    options: {
      provider: {
        kind: 'GOOGLE_WORKSPACE',
        hostedDomain: 'example.com',
        roleRules: rules('email', 'ann@example.com', 'former-ann@example.com'),
        teamRules: [],
      },
    },
    claims: ofGoogle,
    teams: [],
    lowered: { ...ofGoogle, email: 'former-ann@example.com' },
    strangers: [undefined, 'evil.example', 'example.com.evil.example'].map((hd) => ({ ...ofGoogle, hd })),
  },
]

const minuteMs = 60_000
const settings = { checkMs: 15 * minuteMs }
const longLived = { idleMs: 720 * minuteMs, checkMs: 1_440 * minuteMs }

// The clock of both sides: a provider whose tokens are a quarter of an hour old would not be believed.
let chromium: ChromiumBrowser
beforeAll(async () => {
  chromium = await launchChromium()
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(async () => {
  vi.useRealTimers()
  await chromium.close()
})

describe.each(shapes)('$kind', ({ options, claims, teams, lowered, strangers = [] }) => {
  let setup: SignInSetup
  let browser: Browser

  beforeAll(async () => {
    setup = await startSignIn({ sessions: longLived, ...options })
  })
  afterAll(() => setup.close())
  beforeEach(() => {
    setup.identityProvider.people.set('ann', { name: 'Ann', ...claims })
  })

  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)
  const checkAfterAQuarterOfAnHour = async () => {
    pass(settings.checkMs)
    await checkSessions(setup.api.controlPlane.services, settings)
  }
  const statusOf = async (of: Browser) => (await setup.ask(of, viewerQuery)).status
  const teamsOf = ({ user }: ViewerAnswer) =>
    user.memberships.edges.map(({ node }) => node.team.name).toSorted()
  const refreshes = () =>
    setup.identityProvider.requests.filter((request) => request === 'POST /token').length

  async function signIn(): Promise<Browser> {
    const { browser, status, page } = await setup.signIn('ann')
    expect(status, page).toBe(200)
    return browser
  }

  it('signs people in with the role and the teams of its claims', async () => {
    browser = await signIn()
    const viewer = await setup.viewerOf(browser)
    expect(viewer).toMatchObject({ name: 'Ann', role: { name: 'admin' } })
    expect(teamsOf(viewer)).toEqual(teams)
  })

  it('signs the same person in when its keys have changed, and only by the new ones', async () => {
    const { user } = await setup.viewerOf(browser)
    await setup.identityProvider.rotateKeys()
    pass(minuteMs)
    expect((await setup.viewerOf(await signIn())).user.id).toBe(user.id)
  })

  it('confirms a session by a refresh within one check', async () => {
    const before = refreshes()
    await checkAfterAQuarterOfAnHour()
    expect(refreshes()).toBe(before + 2)
    expect(await statusOf(browser)).toBe(200)
  })

  it('takes rights and teams back within one check', async () => {
    expect((await setup.viewerOf(browser)).permissions).toContain('roles:assign')
    setup.identityProvider.people.set('ann', { name: 'Ann', ...lowered })
    await checkAfterAQuarterOfAnHour()
    const viewer = await setup.viewerOf(browser)
    expect(viewer.role.name).toBe('viewer')
    expect(viewer.permissions).not.toContain('roles:assign')
    expect(teamsOf(viewer)).not.toContain('sre')
  })

  it('ends the sessions of whoever it knows no more within one check', async () => {
    expect(await statusOf(browser)).toBe(200)
    await setup.identityProvider.revokeGrantsOf('ann')
    await checkAfterAQuarterOfAnHour()
    expect(await statusOf(browser)).toBe(401)
  })

  it('ends a session when it says by its back channel that its own has ended', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()]
    const { issuer } = setup.identityProvider
    const question = await (await here.request(`${issuer}/session/end`)).text()
    const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(question) ?? []
    const body = new URLSearchParams({ xsrf, logout: 'yes' })
    await here.request(`${issuer}/session/end/confirm`, { method: 'POST', body })
    expect([await statusOf(here), await statusOf(elsewhere)]).toEqual([401, 200])
  })

  it('signs them in with a real browser, as whom its claims say', async () => {
    const { url, tenant, identityProvider } = setup
    const context = await chromium.newContext()
    const page = await context.newPage()
    await page.goto(`${url}/auth/oidc/okta/login?organization=${tenant.organizationId}`)
    await sayWho(page, { issuer: identityProvider.issuer, login: 'ann' })
    const viewer = await page.evaluate(async (query) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })
      return (await response.json()).data.viewer
    }, viewerQuery)
    await context.close()
    expect(viewer).toMatchObject({ name: 'Ann', role: { name: 'admin' } })
    expect(teamsOf(viewer)).toEqual(teams)
  })

  it.each(strangers)('lets nobody in with %j', async (stranger) => {
    setup.identityProvider.people.set('stranger', { name: 'Stranger', ...stranger })
    const { browser, status } = await setup.signIn('stranger')
    expect(status).toBeGreaterThanOrEqual(400)
    expect(await statusOf(browser)).toBe(401)
  })
})

it('a level that Keycloak writes as a number is kept with the session', async () => {
  const setup = await startSignIn({ sessions: longLived })
  try {
    await setup.signIn(setup.describePerson('leveled', { roles: ['reader'], acr: 2, amr: ['pwd', 'otp'] }))
    const { sessions } = setup.api.controlPlane.services
    const due = { checkedBefore: Date.now() + minuteMs, limit: 1 }
    const listed = await sessions.listDue(setup.tenant.organizationId, due)
    expect(listed.sessions[0]).toMatchObject({
      ...{ authenticationClass: '2', authenticationMethods: ['pwd', 'otp'] },
    })
  } finally {
    await setup.close()
  }
})

it.each([
  ['without roles, as of somebody who has none', {}, 'user_not_authorized'],
  ['whose groups are elsewhere', { _claim_names: { groups: 'src1' } }, 'user_not_authorized'],
])('a token of Entra %s gives no access', async (_, claims, code) => {
  const entra = shapes.find(({ kind }) => kind === 'ENTRA')
  const setup = await startSignIn(entra?.options)
  try {
    const person = setup.describePerson('bare', { oid: 'bare', tid: tenant, ...claims })
    expect((await setup.signIn(person)).page).toContain(code)
  } finally {
    await setup.close()
  }
})
