import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read, startApi } from '../api.ts'
import { subscribe } from '../live/event-stream.ts'
import { type SignInSetup, startSignIn, viewerQuery } from './signed-in.ts'

let setup: SignInSetup

beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())

const describePerson: SignInSetup['describePerson'] = (login, claims) => setup.describePerson(login, claims)
const viewerOf: SignInSetup['viewerOf'] = (browser) => setup.viewerOf(browser)

describe('a session', () => {
  it('has a cookie that no script and no other site can read, and that says nothing', async () => {
    const browser = new Browser()
    const response = await browser.request(
      await setup.answerFor(describePerson('cookie', { roles: ['reader'] }), browser),
    )
    const line = response.headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith('__Host-gatehouse-session='))
    expect(line).toMatch(/; ?HttpOnly/i)
    expect(line).toMatch(/; ?Secure/i)
    expect(line).toMatch(/; ?SameSite=Lax/i)
    expect(line).toMatch(/; ?Path=\//i)
    expect(line).not.toMatch(/domain=|cookie@|reader/i)
  })

  it('is no way in for a request whose token is not valid', async () => {
    const { browser } = await setup.signIn(describePerson('fallback', { roles: ['reader'] }))
    const response = await browser.request(`${setup.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ghat.none.none.none' },
      body: JSON.stringify({ query: viewerQuery }),
    })
    expect(response.status).toBe(401)
  })

  it('gives way to the next one of the same browser, whose secret is another', async () => {
    const { browser } = await setup.signIn(describePerson('again', { roles: ['reader'] }))
    const [former] = [...browser.cookiesOf(setup.url)]
    await setup.signIn('again', browser)
    const listed = await setup.ask(browser, '{ sessions { id } }')
    expect(read<object[]>(listed.data, 'sessions')).toHaveLength(1)
    const thief = new Browser()
    thief.setCookie(setup.url, ...(former ?? ['', '']))
    expect((await setup.ask(thief, viewerQuery)).status).toBe(401)
  })

  it('is over once its person has signed out, whoever replays its cookie', async () => {
    const { browser } = await setup.signIn(describePerson('leaver', { roles: ['reader'] }))
    const cookies = [...browser.cookiesOf(setup.url)]
    const out = await browser.request(`${setup.url}/auth/logout`, {
      method: 'POST',
      headers: { origin: setup.url },
    })
    expect(out.status).toBe(200)
    expect(((await out.json()) as { endSessionUrl: string }).endSessionUrl).toContain(
      setup.identityProvider.issuer,
    )
    for (const [name, value] of cookies) browser.setCookie(setup.url, name, value)
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
  })

  it('is ended by no page of another site', async () => {
    const { browser } = await setup.signIn(describePerson('forged', { roles: ['reader'] }))
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, undefined]) {
      const out = await browser.request(`${setup.url}/auth/logout`, {
        method: 'POST',
        ...(headers && { headers }),
      })
      expect(out.status).toBe(403)
    }
    expect((await setup.ask(browser, viewerQuery)).status).toBe(200)
  })

  it('is over as soon as its user is switched off', async () => {
    const { browser } = await setup.signIn(describePerson('fired', { roles: ['reader'] }))
    const { user } = await viewerOf(browser)
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { updateUser(input: {id: $id, active: false}) { __typename } }',
      { id: user.id },
    )
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    expect((await setup.signIn('fired')).page).toContain('user_inactive')
  })

  it('is seen and ended by its person, and another’s is neither', async () => {
    const mine = await setup.signIn(describePerson('gina', { roles: ['reader'] }))
    const elsewhere = await setup.signIn('gina')
    const other = await setup.signIn(describePerson('hugo', { roles: ['reader'] }))
    const listed = await setup.ask(mine.browser, '{ sessions { id isCurrent userAgent } }')
    const sessions = read<{ id: string; isCurrent: boolean }[]>(listed.data, 'sessions')
    expect(sessions.map(({ isCurrent }) => isCurrent).sort()).toEqual([false, true])
    const gone = sessions.find(({ isCurrent }) => !isCurrent)
    const signOut = (browser: Browser) =>
      browser.request(`${setup.url}/auth/logout?session=${gone?.id}`, {
        method: 'POST',
        headers: { origin: setup.url },
      })
    await signOut(other.browser)
    expect((await setup.ask(elsewhere.browser, viewerQuery)).status).toBe(200)
    await signOut(mine.browser)
    expect((await setup.ask(elsewhere.browser, viewerQuery)).status).toBe(401)
    expect((await setup.ask(other.browser, viewerQuery)).status).toBe(200)
    expect((await setup.ask(mine.browser, viewerQuery)).status).toBe(200)
  })

  it('that is ended ends what it listens to', async () => {
    const { browser } = await setup.signIn(describePerson('listener', { roles: ['reader'] }))
    const cookie = [...browser.cookiesOf(setup.url)].map((pair) => pair.join('=')).join('; ')
    const document = 'subscription { usageRecorded { id } }'
    const subscriber = await subscribe(setup.url, undefined, document, {}, { cookie })
    await browser.request(`${setup.url}/auth/logout`, { method: 'POST', headers: { origin: setup.url } })
    expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await subscriber.next()).toBeUndefined()
  })

  it.each([
    ['of a user', 'mutation ($id: ID!) { revokeSessionsOfUser(input: {userId: $id}) { __typename } }'],
    [
      'by switching its user off',
      'mutation ($id: ID!) { updateUser(input: {id: $id, active: false}) { __typename } }',
    ],
    ['of everybody', 'mutation { revokeAllSessions(input: {}) { before } }'],
  ])('that was ended %s stays so when its store comes back from a backup', async (what, mutation) => {
    const { browser } = await setup.signIn(describePerson(`restored ${what}`, { roles: ['reader'] }))
    const { user } = await viewerOf(browser)
    const { database } = setup.api.controlPlane
    const inDatabase = (sql: string, values: readonly unknown[]) =>
      database.transaction(setup.tenant.organizationId, (em) => em.execute<{ row: object }[]>(sql, values))
    const [backup] = await inDatabase('select to_jsonb(sessions) as row from sessions where user_id = ?', [
      user.id,
    ])
    const { errors } = await setup.api.ask(
      setup.tenant.token,
      mutation,
      mutation.includes('$id') ? { id: user.id } : {},
    )
    expect(errors).toEqual([])
    await inDatabase('delete from sessions where user_id = ?', [user.id])
    await inDatabase('insert into sessions select * from jsonb_populate_record(null::sessions, ?::jsonb)', [
      JSON.stringify(backup?.row),
    ])
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { updateUser(input: {id: $id, active: true}) { __typename } }',
      { id: user.id },
    )
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    const again = await setup.signIn(`restored ${what}`)
    expect((await setup.ask(again.browser, viewerQuery)).status).toBe(200)
  })

  it('is ended by whoever may, and everywhere at once', async () => {
    const both = [
      await setup.signIn(describePerson('ivan', { roles: ['reader'] })),
      await setup.signIn('ivan'),
    ]
    const [one] = both
    const { user } = await viewerOf(one?.browser ?? new Browser())
    const listed = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { sessions(userId: $id) { id } }',
      {
        id: user.id,
      },
    )
    expect(read<object[]>(listed.data, 'sessions')).toHaveLength(2)
    const forbidden = await setup.ask(
      one?.browser ?? new Browser(),
      'mutation ($id: ID!) { revokeSessionsOfUser(input: {userId: $id}) { __typename } }',
      { id: user.id },
    )
    expect(forbidden.errors).toHaveLength(1)
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { revokeSessionsOfUser(input: {userId: $id}) { ... on EndedSessions { count } } }',
      { id: user.id },
    )
    expect(data?.revokeSessionsOfUser).toEqual({ count: 2 })
    for (const { browser } of both) expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
  })

  it('is over when the identity provider says that its own is, of that browser alone', async () => {
    const { browser } = await setup.signIn(describePerson('judy', { roles: ['reader'] }))
    const elsewhere = await setup.signIn('judy')
    const { issuer } = setup.identityProvider
    const question = await (await browser.request(`${issuer}/session/end`)).text()
    const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(question) ?? []
    await browser.request(`${issuer}/session/end/confirm`, {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    })
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    expect((await setup.ask(elsewhere.browser, viewerQuery)).status).toBe(200)
  })

  it.each([
    ['no token', ''],
    ['a token of nobody', 'logout_token=eyJhbGciOiJub25lIn0.e30.'],
    ['two tokens', 'logout_token=a&logout_token=b'],
  ])('is ended by no logout request with %s', async (_what, body) => {
    const response = await fetch(
      `${setup.url}/auth/oidc/okta/back-channel-logout?organization=${setup.tenant.organizationId}`,
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body },
    )
    expect(response.status).toBe(400)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})

describe('while the store of sessions is away', () => {
  it('nobody is let in or sent to sign in anew, and tokens go on working', async () => {
    // Of discard, on which nobody listens.
    const away = await startApi({ redisUrl: 'redis://127.0.0.1:9', sessions: { store: 'redis' } })
    try {
      const { url } = away.controlPlane
      const { organizationId, token } = await away.createTenant('Acme')
      const cookie = `__Host-gatehouse-session=${organizationId}.sess_1.${'x'.repeat(43)}`
      const asked = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ viewer { name } }' }),
      })
      expect(asked.status).toBe(503)
      expect(asked.headers.get('retry-after')).not.toBeNull()
      const out = await fetch(`${url}/auth/logout`, { method: 'POST', headers: { cookie, origin: url } })
      expect(out.status).toBe(503)
      expect((await away.ask(token, '{ viewer { name } }')).data).toEqual({ viewer: { name: 'test' } })
    } finally {
      await away.close()
    }
  })
})
