import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { startIdentityProvider } from '../../environment/identity-provider.ts'
import { read, type Tenant } from '../api.ts'
import { createProvider, type SignInSetup, startSignIn, viewerQuery } from './signed-in.ts'

let setup: SignInSetup

beforeAll(async () => {
  setup = await startSignIn({ sessions: { mostPerUser: 50 } })
})
afterAll(() => setup.close())

const describePerson: SignInSetup['describePerson'] = (login, claims) => setup.describePerson(login, claims)
const loginUrl = (query = '') =>
  `${setup.url}/auth/oidc/okta/login?organization=${setup.tenant.organizationId}${query}`
const statusOf = async (browser: Browser) => (await setup.ask(browser, viewerQuery)).status

async function refusalOf(response: Response): Promise<[number, string | undefined]> {
  return [response.status, /<code>(\w+)<\/code>/.exec(await response.text())?.[1]]
}

/** What the browser keeps under a name of ours. */
function cookieOf(browser: Browser, part: string): [string, string] {
  const [name = '', value = ''] =
    [...browser.cookiesOf(setup.url)].find(([name]) => name.includes(part)) ?? []
  return [name, value]
}

describe('where the provider sends people back to', () => {
  const redirectUriAskedWith = async (headers: Record<string, string>) => {
    const response = await new Browser().request(loginUrl(), { headers })
    return new URL(response.headers.get('location') ?? '').searchParams.get('redirect_uri')
  }

  it.each([
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'gopher'],
    ['x-forwarded-prefix', '/evil'],
    ['forwarded', 'host=evil.example;proto=http'],
    ['x-original-url', '/evil'],
    ['origin', 'https://evil.example'],
    ['referer', 'https://evil.example/'],
  ])('is not for the header %s to say', async (name, value) => {
    expect(await redirectUriAskedWith({ [name]: value })).toBe(
      `${setup.url}/auth/oidc/okta/callback/${setup.tenant.organizationId}`,
    )
  })

  it('is not for the Host header to say either, nor where people go afterwards', async () => {
    const { hostname, port } = new URL(setup.url)
    const { promise, resolve } = Promise.withResolvers<string>()
    const path = loginUrl().slice(setup.url.length)
    request({ hostname, port, path, headers: { host: 'evil.example' } }, (response) => {
      response.resume()
      resolve(response.headers.location ?? '')
    }).end()
    const location = new URL(await promise)
    expect(location.origin).toBe(new URL(setup.identityProvider.issuer).origin)
    expect(location.href).not.toContain('evil')
  })
})

describe('of two organizations whose providers have one name', () => {
  let evil: Awaited<ReturnType<typeof startIdentityProvider>>
  let stranger: Tenant

  beforeAll(async () => {
    stranger = await setup.api.createTenant('Stranger')
    evil = await startIdentityProvider({
      redirectUri: `${setup.url}/auth/oidc/okta/callback/${stranger.organizationId}`,
    })
    const { issuer, clientId, clientSecret } = evil
    await createProvider(setup.api, stranger, {
      ...{ name: 'okta', kind: 'OKTA', issuer, clientId, clientSecret },
      defaultRoleId: 'role_viewer',
    })
  })
  afterAll(() => evil.close())

  it('neither is brought the code of the other: mix-up', async () => {
    const browser = new Browser()
    const begun = await browser.request(
      `${setup.url}/auth/oidc/okta/login?organization=${stranger.organizationId}`,
    )
    const asked = new URL(begun.headers.get('location') ?? '')
    expect(asked.origin).toBe(new URL(evil.issuer).origin)
    // What the provider of the attacker sends the browser on to, in place of asking who it is.
    const onwards = new URL('/auth', setup.identityProvider.issuer)
    onwards.search = asked.search
    onwards.searchParams.set(
      'redirect_uri',
      `${setup.url}/auth/oidc/okta/callback/${setup.tenant.organizationId}`,
    )
    const { url } = await browser.visit(onwards.href, {
      login: describePerson('mixed-up', { roles: ['gatehouse-admin'] }),
      stopAt: (at) => at.startsWith(`${setup.url}/auth/`),
    })
    const answer = new URL(url)
    expect(answer.searchParams.get('code')).toMatch(/./)
    // As if neither named itself in its answers, which many do not.
    answer.searchParams.set('iss', evil.issuer)
    const before = evil.requests.length
    expect(await refusalOf(await browser.request(answer.href))).toEqual([404, 'provider_unknown'])
    expect(evil.requests.slice(before).filter((request) => request.startsWith('POST'))).toEqual([])
    expect(await statusOf(browser)).toBe(401)
  })

  it('each signs in its own people', async () => {
    const browser = new Browser()
    evil.people.set('theirs', { name: 'Theirs' })
    const start = `${setup.url}/auth/oidc/okta/login?organization=${stranger.organizationId}`
    const { response } = await browser.visit(start, { login: 'theirs' })
    expect(response?.status).toBe(200)
    const { data } = await setup.ask(browser, '{ viewer { organization { id } } }')
    expect(read(data, 'viewer')).toEqual({ organization: { id: stranger.organizationId } })
  })
})

describe('an answer', () => {
  it('that is brought twice at once signs in once', async () => {
    const browser = new Browser()
    const answer = await setup.answerFor(describePerson('raced', { roles: ['reader'] }), browser)
    const [name, ticket] = cookieOf(browser, 'sign-in')
    const before = setup.identityProvider.requests.length
    const twins = Array.from({ length: 8 }, () => new Browser())
    for (const twin of twins) twin.setCookie(setup.url, name, ticket)
    const statuses = await Promise.all(twins.map(async (twin) => (await twin.request(answer)).status))
    expect(statuses.filter((status) => status === 302)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(7)
    // Not for the provider to find out, which might take a code twice.
    expect(setup.identityProvider.requests.slice(before).filter((one) => one === 'POST /token')).toHaveLength(
      1,
    )
  })

  it('is brought to no other provider of the organization: mix-up', async () => {
    const browser = new Browser()
    const answer = await setup.answerFor(describePerson('brought', { roles: ['reader'] }), browser)
    const before = setup.identityProvider.requests.length
    const elsewhere = answer.replace('/oidc/okta/', '/oidc/other/')
    expect(await refusalOf(await browser.request(elsewhere))).toEqual([404, 'provider_unknown'])
    expect(setup.identityProvider.requests).toHaveLength(before)
  })

  it('is not taken with two tickets, for one of them was planted', async () => {
    const browser = new Browser()
    const answer = await setup.answerFor(describePerson('tossed', { roles: ['reader'] }), browser)
    const [name, ticket] = cookieOf(browser, 'sign-in')
    const cookie = `${name}=${ticket}; ${name}=${setup.tenant.organizationId}.${'x'.repeat(43)}`
    const response = await fetch(answer, { headers: { cookie }, redirect: 'manual' })
    expect(await refusalOf(response)).toEqual([400, 'sign_in_unknown'])
  })

  it.each(['login_required', 'interaction_required', 'consent_required', 'server_error'])(
    'of %s ends there: it sends nobody back to the provider, which would go round for ever',
    async (error) => {
      const browser = new Browser()
      const answer = new URL(await setup.answerFor(describePerson('asked', { roles: ['reader'] }), browser))
      answer.searchParams.delete('code')
      answer.searchParams.set('error', error)
      answer.searchParams.set('error_description', '<script>alert(1)</script>')
      const response = await browser.request(answer.href)
      expect(response.headers.get('location')).toBeNull()
      const page = await response.clone().text()
      expect(page).not.toContain('script')
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(await refusalOf(response)).toEqual([400, 'provider_error'])
    },
  )

  it('goes back to a path that stays one however it is decoded', async () => {
    const browser = new Browser()
    const login = describePerson('encoded', { roles: ['reader'] })
    const returnTo = encodeURIComponent('/%2f%2fevil.example')
    const answer = await setup.answerFor(login, browser, `&returnTo=${returnTo}`)
    const location = (await browser.request(answer)).headers.get('location') ?? ''
    expect(new URL(location, setup.url).origin).toBe(setup.url)
  })

  it.each(['&returnTo=/a&returnTo=//evil.example', '&organization=org_x'])(
    'is asked for by no parameter that is there twice: %s',
    async (query) => {
      const response = await new Browser().request(loginUrl(query))
      expect([400, 404]).toContain(response.status)
      expect(response.headers.get('location')).toBeNull()
    },
  )
})

describe('a session that somebody planted', () => {
  it('is not the one of whoever signs in with it, and is over', async () => {
    const attacker = (await setup.signIn(describePerson('planter', { roles: ['reader'] }))).browser
    const [name, planted] = cookieOf(attacker, 'session')
    const victim = new Browser()
    victim.setCookie(setup.url, name, planted)
    await setup.signIn(describePerson('planted-on', { roles: ['reader'] }), victim)
    expect(cookieOf(victim, 'session')[1]).not.toBe(planted)
    expect(await statusOf(victim)).toBe(200)
    expect(await statusOf(attacker)).toBe(401)
  })

  it('beside the real one lets nobody in, for it cannot be told which is which', async () => {
    const one = (await setup.signIn(describePerson('neighbour', { roles: ['reader'] }))).browser
    const other = (await setup.signIn(describePerson('at-home', { roles: ['reader'] }))).browser
    const cookie = [cookieOf(one, 'session'), cookieOf(other, 'session')]
      .map((pair) => pair.join('='))
      .join('; ')
    const response = await fetch(`${setup.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ query: viewerQuery }),
    })
    expect(response.status).toBe(401)
  })
})

describe('a token of the provider', () => {
  it('is none of ours, whichever it is', async () => {
    await setup.signIn(describePerson('bearer', { roles: ['gatehouse-admin'] }))
    const { sessions } = setup.api.controlPlane.services
    const due = { checkedBefore: Date.now() + 60_000, limit: 100 }
    const { sessions: listed } = await sessions.listDue(setup.tenant.organizationId, due)
    const session = listed.find(({ subject }) => subject === 'bearer')
    const secrets = session && (await sessions.secretsOf(session))
    for (const token of [secrets?.idToken, secrets?.refreshToken]) {
      expect(token).toMatch(/./)
      expect((await setup.api.ask(token ?? '', viewerQuery)).status).toBe(401)
    }
  })

  it('of Entra that says where its groups are has nobody asked there', async () => {
    const asked: string[] = []
    const elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('{"value":["gatehouse-admins"]}')
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/getMemberObjects`
    const login = describePerson('overage', {
      roles: ['reader'],
      hasgroups: true,
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint } },
    })
    const { browser } = await setup.signIn(login)
    expect((await setup.viewerOf(browser)).user.memberships.edges).toEqual([])
    expect(asked).toEqual([])
    elsewhere.close()
  })

  it('whose claims are as long as they can be signs in all the same, cut to what may be shown', async () => {
    const login = describePerson('l'.repeat(200), {
      ...{ roles: ['reader', 'x'.repeat(4_000)], name: 'n\u202e'.repeat(20) + 'n'.repeat(200) },
      ...{ email: `${'e'.repeat(300)}@example.com`, email_verified: true, groups: ['g'.repeat(3_000)] },
    })
    const { browser, status } = await setup.signIn(login)
    expect(status).toBe(200)
    const viewer = await setup.viewerOf(browser)
    expect(viewer).toMatchObject({ name: 'n'.repeat(128), user: { email: null, memberships: { edges: [] } } })
  })

  it('that is larger than any should be is refused', async () => {
    const login = describePerson('huge', { roles: ['reader', ...Array(20).fill('x'.repeat(1_000))] })
    const { status, page } = await setup.signIn(login)
    expect([status, page.includes('id_token_invalid')]).toEqual([400, true])
  })
})

describe('whoever begins more sign-ins than they may', () => {
  it('is told to wait, whatever addresses they say they come from', async () => {
    const limited = await startSignIn({ graphql: { requestsPerMinuteOfAddress: 5 } })
    try {
      const begin = (headers: Record<string, string> = {}) =>
        fetch(`${limited.url}/auth/oidc/okta/login?organization=${limited.tenant.organizationId}`, {
          headers,
          redirect: 'manual',
        })
      let refused = await begin()
      for (let count = 0; count < 8 && refused.status !== 429; count++) refused = await begin()
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      const elsewhere = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip']
      for (const name of elsewhere) expect((await begin({ [name]: '203.0.113.9' })).status).toBe(429)
    } finally {
      await limited.close()
    }
  })
})
