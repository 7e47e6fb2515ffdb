import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import { Browser } from '../../environment/browser.ts'
import { startOAuth2Provider, type TestOAuth2Provider } from '../../environment/oauth2-provider.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

const minuteMs = 60_000
let nowMs = Date.now()
let api: TestApi
let tenant: Tenant
let provider: TestOAuth2Provider
let providerId: string

beforeAll(async () => {
  api = await startApi({ now: () => nowMs })
  tenant = await api.createTenant('Acme')
  provider = await startOAuth2Provider(
    `${api.controlPlane.url}/auth/oidc/github/callback/${tenant.organizationId}`,
  )
  providerId = await create(provider)
  expect(await verify(providerId)).toMatchObject({ ok: true })
  await mutate(
    'setIdentityProviderEnabled',
    { id: providerId, enabled: true },
    '... on IdentityProvider { enabled }',
  )
})
afterAll(async () => {
  await api.close()
  await provider.close()
})
beforeEach(() => {
  Object.assign(provider.behaviour, {
    ...{ givesRefreshTokens: false, isLikeGitHub: false, trustsAnybody: false, hangsUpOn: null },
  })
})

async function mutate(field: string, input: object, selection: string, inputType?: string) {
  const type = inputType ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await api.ask(
    tenant.token,
    `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} ... on Refusal { code message } } }`,
    { input },
  )
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Record<string, string>>(data, field)
}

async function create(
  { issuer, clientId, clientSecret, endpoints }: TestOAuth2Provider,
  changes: object = {},
) {
  const input = {
    ...{ name: 'github', kind: 'OAUTH2', issuer, clientId, clientSecret, endpoints },
    trustedNetworks: ['127.0.0.0/8'],
    roleRules: [
      { claim: 'roles', value: 'admin', roleId: 'role_admin' },
      { claim: 'roles', value: 'reader', roleId: 'role_viewer' },
    ],
    ...{ teamRules: [{ claim: 'teams', value: '*', team: '*' }], teamWorkspaceId: tenant.workspaceId },
    ...changes,
  }
  return (await mutate('createIdentityProvider', input, '... on IdentityProvider { id }')).id ?? ''
}

const verify = (id: string) =>
  mutate(
    'verifyIdentityProvider',
    { id },
    '... on IdentityProviderVerification { ok checks { name ok message } }',
    'ByIdInput',
  )

let count = 1_000_000
/** Somebody new, of whom userinfo says this. @returns their login */
function describePerson(claims: object): string {
  const login = `person-${++count}`
  provider.people.set(login, { id: count, name: `Person ${count}`, ...claims })
  return login
}

async function signIn(login: string, browser = new Browser()) {
  provider.behaviour.login = login
  const start = `${api.controlPlane.url}/auth/oidc/github/login?organization=${tenant.organizationId}`
  const { response } = await browser.visit(start, { login })
  return { browser, status: response?.status ?? 0, page: (await response?.text()) ?? '' }
}

async function viewer(browser: Browser) {
  const response = await browser.request(`${api.controlPlane.url}/graphql`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({
      query: '{ viewer { name role { name } user { id memberships { edges { node { team { name } } } } } } }',
    }),
  })
  const { data } = (await response.json()) as {
    data?: {
      viewer: { name: string; role: { name: string }; user: { id: string; memberships: { edges: object[] } } }
    }
  }
  return { status: response.status, ...data?.viewer }
}

const check = () => checkSessions(api.controlPlane.services, { checkMs: 15 * minuteMs })

/** Until a check is due, in use meanwhile. */
async function passCheckTime(browser: Browser): Promise<void> {
  nowMs += 8 * minuteMs
  await viewer(browser)
  nowMs += 8 * minuteMs
}

describe('signing in by OAuth 2.0 without OpenID Connect', () => {
  it.each([true, false])(
    'makes a user of who userinfo says it is, by a number, with role and teams; like GitHub: %s [S3-04]',
    async (isLikeGitHub) => {
      Object.assign(provider.behaviour, { isLikeGitHub })
      const login = describePerson({ roles: ['reader'], teams: ['platform'] })
      const { browser, status } = await signIn(login)
      expect(status).toBe(200)
      const first = await viewer(browser)
      expect(first).toMatchObject({
        role: { name: 'viewer' },
        user: { memberships: { edges: [expect.anything()] } },
      })
      expect((await viewer((await signIn(login)).browser)).user?.id).toBe(first.user?.id)
    },
  )

  it.each([
    ['has no subject', { id: null }],
    ['has a subject that is no number and no text', { id: { $ne: 1 } }],
    ['has a fraction for a subject', { id: 1.5 }],
    ['has an endless subject', { id: 'x'.repeat(256) }],
  ])('is refused when userinfo %s', async (_what, claims) => {
    const { page, browser } = await signIn(describePerson({ roles: ['reader'], ...claims }))
    expect(page).toContain('id_token_invalid')
    expect((await viewer(browser)).status).toBe(401)
  })

  it('is refused with another state, a used one, and the provider’s error', async () => {
    const login = describePerson({ roles: ['reader'] })
    const browser = new Browser()
    provider.behaviour.login = login
    const of = `${api.controlPlane.url}/auth/oidc/github`
    const begin = async () =>
      (
        await browser.visit(`${of}/login?organization=${tenant.organizationId}`, {
          ...{ login, stopAt: (at: string) => at.startsWith(`${of}/callback`) },
        })
      ).url
    const forged = new URL(await begin())
    forged.searchParams.set('state', 'x'.repeat(43))
    expect(await (await browser.request(forged.href)).text()).toContain('state_mismatch')
    const denied = new URL(await begin())
    denied.searchParams.delete('code')
    denied.searchParams.set('error', 'access_denied')
    expect(await (await browser.request(denied.href)).text()).toContain('provider_error')
    const good = await begin()
    expect((await browser.request(good)).status).toBeLessThan(400)
    expect(await (await browser.request(good)).text()).toContain('sign_in_unknown')
  })
})

describe('a session of OAuth 2.0', () => {
  it.each([true, false])(
    'follows userinfo at each check, and ends when the token is refused; with refresh tokens: %s',
    async (givesRefreshTokens) => {
      Object.assign(provider.behaviour, { givesRefreshTokens })
      const login = describePerson({ roles: ['admin'], teams: [] })
      const { browser } = await signIn(login)
      expect((await viewer(browser)).role?.name).toBe('admin')
      provider.people.set(login, { ...provider.people.get(login), roles: ['reader'] })
      await passCheckTime(browser)
      await check()
      expect((await viewer(browser)).role?.name).toBe('viewer')
      await passCheckTime(browser)
      await check()
      expect((await viewer(browser)).status).toBe(200)
      provider.revoke(login)
      await passCheckTime(browser)
      await check()
      expect((await viewer(browser)).status).toBe(401)
    },
  )

  it('ends when userinfo is about somebody else, and stays while it is away', async () => {
    const login = describePerson({ roles: ['reader'] })
    const { browser } = await signIn(login)
    provider.behaviour.hangsUpOn = /user/
    await passCheckTime(browser)
    await check()
    expect((await viewer(browser)).status).toBe(200)
    provider.behaviour.hangsUpOn = null
    provider.people.set(login, { ...provider.people.get(login), id: 7 })
    await check()
    expect((await viewer(browser)).status).toBe(401)
  })
})

describe('a provider of OAuth 2.0 that is asked elsewhere', () => {
  const update = (input: object) =>
    mutate('updateIdentityProvider', input, '... on IdentityProvider { id enabled }')

  it.each(['tokenUrl', 'userinfoUrl'])(
    'by another %s gets no secret but one that is given with it',
    async (field) => {
      const id = await create(provider, { name: `moved-${field.toLowerCase()}` })
      const elsewhere = { ...provider.endpoints, [field]: 'https://elsewhere.example/' }
      await expect(update({ id, endpoints: elsewhere })).rejects.toThrow(/^clientSecret: must be given anew/)
      expect((await update({ id, endpoints: elsewhere, clientSecret: 'its own' })).id).toBe(id)
      const unmoved = { ...elsewhere, authorizeUrl: 'https://people.example/', subjectClaim: 'sub' }
      expect((await update({ id, endpoints: unmoved })).id).toBe(id)
    },
  )

  it.each([true, false])(
    'gets no token of a session that began before, which ends at its check; with refresh tokens: %s',
    async (givesRefreshTokens) => {
      Object.assign(provider.behaviour, { givesRefreshTokens })
      const { browser } = await signIn(describePerson({ roles: ['reader'] }))
      const { user } = await viewer(browser)
      const other = await startOAuth2Provider('https://nobody.example')
      const moveTo = async ({ endpoints, clientSecret }: TestOAuth2Provider) => {
        await update({ id: providerId, endpoints, clientSecret })
        expect(await verify(providerId)).toMatchObject({ ok: true })
        const input = { id: providerId, enabled: true }
        await mutate('setIdentityProviderEnabled', input, '... on IdentityProvider { enabled }')
      }
      try {
        await moveTo(other)
        const before = other.requests.length
        await passCheckTime(browser)
        await check()
        // Whether it is there at all is asked without a token.
        expect(other.requests.slice(before)).toEqual(['GET /user'])
        expect((await viewer(browser)).status).toBe(401)
        const { data } = await api.ask(
          tenant.token,
          '{ auditEvents(filter: {type: "session.ended"}) { edges { node { details } } } }',
        )
        expect(JSON.stringify(data)).toContain(`"userId":"${user?.id}"`)
        expect(JSON.stringify(data)).toContain('"reason":"provider_changed"')
      } finally {
        await moveTo(provider)
        await other.close()
      }
    },
  )
})

describe('a provider of OAuth 2.0', () => {
  it.each([true, false])('is found to know a client, or not to; like GitHub: %s', async (isLikeGitHub) => {
    Object.assign(provider.behaviour, { isLikeGitHub })
    const id = await create(provider, { name: `wrong-${isLikeGitHub}`, clientSecret: 'not its secret' })
    expect(await verify(id)).toMatchObject({
      ok: false,
      checks: [
        {
          name: 'CLIENT_AUTH',
          ok: false,
          message: expect.stringContaining('refuses the client id or its secret'),
        },
        { name: 'USERINFO', ok: true },
        { name: 'DIRECTORY' },
      ],
    })
  })

  it('whose userinfo answers anybody is not enabled', async () => {
    provider.behaviour.trustsAnybody = true
    const id = await create(provider, { name: 'open' })
    expect(await verify(id)).toMatchObject({
      ok: false,
      checks: [{ ok: true }, { name: 'USERINFO', ok: false }, { name: 'DIRECTORY' }],
    })
  })

  it('is not asked in a network that nobody has named', async () => {
    const id = await create(provider, { name: 'elsewhere', trustedNetworks: [] })
    expect(await verify(id)).toMatchObject({
      ok: false,
      checks: [{ ok: false }, { ok: false }, { name: 'DIRECTORY' }],
    })
  })

  it.each([
    ['no endpoints', { endpoints: null }, /^endpoints: are needed/],
    ['"openid" among its scopes', { scopes: ['openid'] }, /^scopes: .*kind OIDC/],
    [
      'endpoints although its kind has ID tokens',
      { kind: 'OIDC', scopes: ['openid'] },
      /^endpoints: are of kind OAUTH2/,
    ],
  ])('with %s is refused', async (_what, changes, message) => {
    await expect(create(provider, { name: 'odd', ...changes })).rejects.toThrow(message)
  })

  it.each([
    ['tokenUrl', 'javascript:alert(1)'],
    ['authorizeUrl', 'https://user:password@example.com/'],
    ['userinfoUrl', 'ftp://example.com'],
    ['subjectClaim', 'email'],
    ['subjectClaim', '__proto__'],
  ])('with the %s %s is refused by name', async (field, value) => {
    const endpoints = { ...provider.endpoints, [field]: value }
    await expect(create(provider, { name: 'odd', endpoints })).rejects.toThrow(
      new RegExp(`^endpoints\\.${field}: must`),
    )
  })

  it('over plain http is refused where its issuer is not', async () => {
    await expect(create(provider, { name: 'odd', issuer: 'https://github.com' })).rejects.toThrow(
      /must be an https URL/,
    )
  })
})
