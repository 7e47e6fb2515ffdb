import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ControlPlane } from '../../../control-plane/app.ts'
import { RelyingParties } from '../../../control-plane/modules/identity-providers/index.ts'
import { checkSessions } from '../../../control-plane/provisioning/session-check.ts'
import type { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { enable, type SignInSetup, startSignIn, type ViewerAnswer, viewerQuery } from '../http/signed-in.ts'

const minuteMs = 60_000
const settings = { checkMs: 15 * minuteMs }

let setup: SignInSetup
let other: ControlPlane

// The clock of both sides: a provider whose tokens are a quarter of an hour old would not be believed.
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  // Their own loops rest: a test says when sessions are checked.
  setup = await startSignIn({
    sessions: { idleMs: 720 * minuteMs, checkMs: 1_440 * minuteMs, mostPerUser: 1_000 },
  })
  other = await setup.api.startAnother()
})
afterEach(async () => {
  Object.assign(setup.identityProvider.behaviour, {
    ...{ hangsUpOn: null, sendsIdTokens: true, givesRefreshTokens: true },
  })
  await inDatabase('delete from sessions')
})
afterAll(async () => {
  vi.useRealTimers()
  await setup.close()
})

function inDatabase(statement: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const { database } = setup.api.controlPlane
  return database.transaction(setup.tenant.organizationId, (em) => em.execute(statement, values))
}

function describePerson(login: string, claims: Record<string, unknown>): string {
  setup.identityProvider.people.set(login, { name: `Person ${login}`, ...claims })
  return login
}

async function signIn(login: string, claims: Record<string, unknown> = { roles: ['reader'] }) {
  const { browser, status } = await setup.signIn(describePerson(login, claims))
  expect(status).toBe(200)
  return browser
}

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)
const check = () => checkSessions(setup.api.controlPlane.services, settings)
const statusOf = async (browser: Browser) => (await setup.ask(browser, viewerQuery)).status

async function viewerOf(browser: Browser): Promise<ViewerAnswer> {
  return read((await setup.ask(browser, viewerQuery)).data, 'viewer')
}

function tokenRequests(): number {
  return setup.identityProvider.requests.filter((request) => request === 'POST /token').length
}

/** How many requests reach the provider's token endpoint meanwhile. */
async function tokenRequestsOf(work: () => Promise<unknown>): Promise<number> {
  const before = tokenRequests()
  await work()
  return tokenRequests() - before
}

async function deleteUser(id: string): Promise<void> {
  const mutation = 'mutation ($id: ID!) { deleteUser(input: {id: $id}) { ... on Deleted { id } } }'
  const { data } = await setup.api.ask(setup.tenant.token, mutation, { id })
  expect(data).toEqual({ deleteUser: { id } })
}

/** Why sessions of a user were ended. */
async function endReasons(userId: string): Promise<unknown[]> {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    '{ auditEvents(filter: {type: "session.ended"}) { edges { node { details } } } }',
  )
  return read<{ edges: { node: { details: Record<string, unknown> } }[] }>(data, 'auditEvents')
    .edges.map(({ node }) => node.details)
    .filter((details) => details.userId === userId)
    .map(({ reason }) => reason)
}

describe('a session', () => {
  it('is checked once after 15 minutes, and not before, by two control planes that both look at once', async () => {
    const browsers = [await signIn('ann'), await signIn('ann'), await signIn('ben')]
    const planes = [setup.api.controlPlane, other]
    const checkAll = () => Promise.all(planes.map(({ services }) => checkSessions(services, settings)))
    pass(15 * minuteMs - 1_000)
    expect(await tokenRequestsOf(checkAll)).toBe(0)
    pass(1_000)
    expect(await tokenRequestsOf(checkAll)).toBe(3)
    expect(await tokenRequestsOf(checkAll)).toBe(0)
    pass(15 * minuteMs - 1)
    expect(await tokenRequestsOf(checkAll)).toBe(0)
    pass(1)
    expect(await tokenRequestsOf(checkAll)).toBe(3)
    expect(await Promise.all(browsers.map(statusOf))).toEqual([200, 200, 200])
  })

  it('is checked by a control plane without being told', async () => {
    const browser = await signIn('loop')
    pass(15 * minuteMs)
    const third = await setup.api.startAnother({ checkMs: settings.checkMs })
    await vi.waitFor(
      async () => {
        const [session] = await inDatabase('select secrets_version from sessions')
        expect(session).toEqual({ secrets_version: 2 })
      },
      { timeout: 30_000 },
    )
    await third.close()
    expect(await statusOf(browser)).toBe(200)
  })

  it('has fewer or more rights and other teams within one check of its person’s claims', async () => {
    const browser = await signIn('claire', { roles: ['gatehouse-admin'], groups: ['platform'] })
    expect((await viewerOf(browser)).permissions).toContain('roles:assign')
    describePerson('claire', { roles: ['reader'], groups: ['ml'] })
    pass(15 * minuteMs)
    await check()
    const lowered = await viewerOf(browser)
    expect(lowered.permissions).not.toContain('roles:assign')
    expect(lowered.user.memberships.edges.map(({ node }) => node.team.name)).toEqual(['ml'])
    describePerson('claire', { roles: ['engineer'], groups: ['ml'] })
    pass(15 * minuteMs)
    await check()
    expect((await viewerOf(browser)).role.name).toBe('developer')
  })

  it('is confirmed without a sign-in on record, a new revision or other words', async () => {
    const browser = await signIn('quiet', { roles: ['reader'], groups: ['ml'] })
    const events = () => inDatabase('select count(*)::int as events from audit_events')
    const revision = () => inDatabase('select * from config_heads')
    const before = [await events(), await revision()]
    pass(15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(1)
    expect([await events(), await revision()]).toEqual(before)
    expect(await statusOf(browser)).toBe(200)
  })

  it('is over, as are all others of the person, when no rule matches their claims any more', async () => {
    const [first, second] = [await signIn('dan'), await signIn('dan')]
    pass(10 * minuteMs)
    const notDue = await signIn('dan')
    const bystander = await signIn('bystander')
    const { user } = await viewerOf(first)
    describePerson('dan', { roles: ['guest'] })
    pass(5 * minuteMs)
    await check()
    expect(await Promise.all([first, second, notDue].map(statusOf))).toEqual([401, 401, 401])
    expect(await statusOf(bystander)).toBe(200)
    expect(await endReasons(user.id)).toEqual(Array(3).fill('user_not_authorized'))
  })

  it('is over when its user was switched off, and the provider is not asked', async () => {
    const browser = await signIn('erin')
    const { user } = await viewerOf(browser)
    await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { updateUser(input: {id: $id, active: false}) { __typename } }',
      { id: user.id },
    )
    pass(15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(0)
    expect(await endReasons(user.id)).toEqual(['user_inactive'])
    expect(await inDatabase('select id from sessions')).toEqual([])
  })

  it('is over when its user was deleted, and its end is on record', async () => {
    const browser = await signIn('eli')
    const { user } = await viewerOf(browser)
    await deleteUser(user.id)
    expect(await statusOf(browser)).toBe(401)
    pass(15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(0)
    expect(await endReasons(user.id)).toEqual(['user_inactive'])
    expect(await inDatabase('select id from sessions')).toEqual([])
  })

  it('of a user who was deleted is none when a roll-back brings them back', async () => {
    const browser = await signIn('eva')
    const { user } = await viewerOf(browser)
    const { token } = setup.tenant
    const [head] = await inDatabase('select revision::int as revision from config_heads')
    pass(1_000)
    await deleteUser(user.id)
    const { data } = await setup.api.ask(
      token,
      `mutation ($input: RollBackConfigurationInput!) { rollBackConfiguration(input: $input) {
        ... on RolledBackConfiguration { skipped } ... on Refusal { message } } }`,
      { input: head },
    )
    expect(data?.rollBackConfiguration).toEqual({ skipped: [] })
    expect(await inDatabase('select active from users where id = ?', [user.id])).toEqual([{ active: true }])
    expect(await statusOf(browser)).toBe(401)
    pass(15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(0)
    expect(await inDatabase('select id from sessions')).toEqual([])
  })

  it('is over when the provider refuses its token, which says nothing of the person', async () => {
    const browser = await signIn('fay')
    const { user } = await viewerOf(browser)
    await setup.identityProvider.revokeGrantsOf('fay')
    pass(15 * minuteMs)
    await Promise.all([check(), checkSessions(other.services, settings)])
    expect(await statusOf(browser)).toBe(401)
    expect(await endReasons(user.id)).toEqual(['idp_refused'])
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { user(id: $id) { active } }',
      {
        id: user.id,
      },
    )
    expect(data?.user).toEqual({ active: true })
  })

  it('stays while its provider is away, and is asked for again, until an hour has passed', async () => {
    const browser = await signIn('gil')
    const { user } = await viewerOf(browser)
    setup.identityProvider.behaviour.hangsUpOn = /./
    pass(15 * minuteMs)
    await check()
    pass(60 * minuteMs - 1)
    await check()
    expect(await statusOf(browser)).toBe(200)
    pass(1)
    await check()
    expect(await statusOf(browser)).toBe(401)
    expect(await endReasons(user.id)).toEqual(['idp_unreachable'])
  })

  it('is confirmed as soon as its provider is back, and has a whole grace again', async () => {
    const browser = await signIn('hal')
    setup.identityProvider.behaviour.hangsUpOn = /./
    pass(70 * minuteMs)
    await check()
    setup.identityProvider.behaviour.hangsUpOn = null
    expect(await tokenRequestsOf(check)).toBe(1)
    setup.identityProvider.behaviour.hangsUpOn = /./
    pass(70 * minuteMs)
    await check()
    expect(await statusOf(browser)).toBe(200)
  })

  describe('whose refresh brings no ID token', () => {
    const changedTo = async (claims: object, hangsUpOn: RegExp | null = null) => {
      const browser = await signIn('ida', { roles: ['engineer'] })
      setup.identityProvider.people.set('ida', claims as Record<string, unknown>)
      Object.assign(setup.identityProvider.behaviour, { sendsIdTokens: false, hangsUpOn })
      pass(15 * minuteMs)
      expect(await tokenRequestsOf(check)).toBe(1)
      expect(await tokenRequestsOf(check)).toBe(0)
      return browser
    }

    it('has the rights that userinfo gives', async () => {
      const browser = await changedTo({ roles: ['reader'] })
      expect((await viewerOf(browser)).role.name).toBe('viewer')
    })

    it('ends where userinfo gives no role', async () => {
      expect(await statusOf(await changedTo({ roles: ['guest'] }))).toBe(401)
    })

    it.each([
      ['userinfo does not know of roles', {}, null],
      ['userinfo does not answer', { roles: ['guest'] }, /me/],
    ])('stays as it is where %s', async (_, claims, hangsUpOn) => {
      const browser = await changedTo(claims, hangsUpOn)
      expect((await viewerOf(browser)).role.name).toBe('developer')
    })
  })

  it('without a refresh token stays, and is looked at once in 15 minutes', async () => {
    setup.identityProvider.behaviour.givesRefreshTokens = false
    const browser = await signIn('jo')
    pass(100 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(0)
    expect(await statusOf(browser)).toBe(200)
    const [session] = await inDatabase('select checked_at from sessions')
    expect(new Date(String(session?.checked_at)).getTime()).toBe(Date.now())
  })

  it('is over when its provider is disabled, deleted, or another one now', async () => {
    const browser = await signIn('kim')
    const { user } = await viewerOf(browser)
    pass(15 * minuteMs)
    await enable(setup.api, setup.tenant, setup.providerId, false)
    try {
      expect(await tokenRequestsOf(check)).toBe(0)
    } finally {
      await enable(setup.api, setup.tenant, setup.providerId, true)
    }
    expect(await statusOf(browser)).toBe(401)
    expect(await endReasons(user.id)).toEqual(['provider_disabled'])

    await beginSession(user.id, 'idp_deleted')
    await beginSession(user.id, setup.providerId, 'https://former.example')
    pass(15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(0)
    expect((await endReasons(user.id)).sort()).toEqual([
      ...['provider_changed', 'provider_deleted', 'provider_disabled'],
    ])
  })

  it('stays while nobody knows the key of its new ID token yet, and is confirmed by it when they are fetched anew', async () => {
    await signIn('max')
    pass(1_000)
    const browser = await signIn('moe', { roles: ['engineer'] })
    describePerson('moe', { roles: ['reader'] })
    // As a control plane keeps the keys that it has fetched from one round to the next.
    const { services } = setup.api.controlPlane
    const relyingParties = new RelyingParties(services)
    const checkAgain = () => checkSessions(services, settings, { relyingParties })
    pass(15 * minuteMs - 1_000)
    expect(await tokenRequestsOf(checkAgain)).toBe(1)
    await setup.identityProvider.rotateKeys()
    pass(1_000)
    expect(await tokenRequestsOf(checkAgain)).toBe(1)
    expect((await viewerOf(browser)).role.name).toBe('developer')
    pass(30_000)
    expect(await tokenRequestsOf(checkAgain)).toBe(1)
    expect((await viewerOf(browser)).role.name).toBe('viewer')
    expect(await tokenRequestsOf(checkAgain)).toBe(0)
  })

  it('whose check fails on our side keeps the tokens that the provider gave, and is checked again', async () => {
    const browser = await signIn('lou', { roles: ['gatehouse-admin'] })
    describePerson('lou', { roles: ['reader'] })
    pass(15 * minuteMs)
    const { services } = setup.api.controlPlane
    const failing = {
      ...services,
      database: {
        ...services.database,
        transaction: failingOnce(services.database.transaction, 2),
      },
    }
    await checkSessions(failing, settings)
    expect((await viewerOf(browser)).role.name).toBe('admin')
    await check()
    expect((await viewerOf(browser)).role.name).toBe('viewer')
  })
})

describe('a round of checks', () => {
  it('takes more sessions than a batch, past those whose provider is away', async () => {
    const browser = await signIn('mia')
    const { user } = await viewerOf(browser)
    const [{ id: away } = { id: '' }] = (await inDatabase(
      `insert into identity_providers select (jsonb_populate_record(idp,
         '{"id": "idp_away", "name": "away", "issuer": "http://127.0.0.1:9"}')).*
       from identity_providers idp where id = ? returning id`,
      [setup.providerId],
    )) as { id: string }[]
    pass(-1_000)
    for (let count = 0; count < 120; count++) await beginSession(user.id, away, 'http://127.0.0.1:9')
    pass(1_000 + 15 * minuteMs)
    expect(await tokenRequestsOf(check)).toBe(1)
    const [{ sessions } = {}] = await inDatabase('select count(*)::int as sessions from sessions')
    expect(sessions).toBe(121)
    await inDatabase(`delete from identity_providers where id = 'idp_away'`)
  })

  it('asks a provider a few times that answers no refresh, and uses up no token of the others', async () => {
    const sessions = 9
    for (let count = 0; count < sessions; count++) await signIn('olga')
    pass(15 * minuteMs)
    setup.identityProvider.behaviour.hangsUpOn = /^POST .token/
    expect(await tokenRequestsOf(check)).toBeLessThan(7)
    setup.identityProvider.behaviour.hangsUpOn = null
    expect(await tokenRequestsOf(check)).toBe(sessions)
    expect(await inDatabase('select id from sessions')).toHaveLength(sessions)
  })

  it('ends together what ends at once: with fewer revisions than sessions, and each recorded once', async () => {
    const logins = Array.from({ length: 12 }, (_, at) => `left-${at}`)
    const browsers = await Promise.all(logins.map((login) => signIn(login)))
    const headers = { origin: setup.url }
    for (const browser of browsers)
      await browser.request(`${setup.url}/auth/token`, { method: 'POST', headers })
    const sessions = await inDatabase('select id, user_id from sessions')
    for (const login of logins) await setup.identityProvider.revokeGrantsOf(login)
    pass(15 * minuteMs)
    const revision = async () => Number((await inDatabase('select revision from config_heads'))[0]?.revision)
    const before = await revision()
    await Promise.all([check(), checkSessions(other.services, settings)])
    expect(new Set(await Promise.all(browsers.map(statusOf)))).toEqual(new Set([401]))
    expect((await revision()) - before).toBeLessThan(sessions.length)
    const told = await inDatabase('select id from ended_access')
    expect(told.map(({ id }) => id)).toEqual(expect.arrayContaining(sessions.map(({ id }) => id)))
    for (const { user_id: userId } of sessions)
      expect(await endReasons(String(userId))).toEqual(['idp_refused'])
  })

  it('logs no token', async () => {
    await signIn('nia')
    pass(15 * minuteMs)
    const [session] = await setup.api.controlPlane.services.sessions
      .listDue(setup.tenant.organizationId, { checkedBefore: Date.now() + 1, limit: 1 })
      .then(({ sessions }) => sessions)
    if (!session) throw new Error('there is no session')
    const secrets = await setup.api.controlPlane.services.sessions.secretsOf(session)
    setup.identityProvider.behaviour.hangsUpOn = /./
    await check()
    const lines = setup.api.logged.filter((line) => line.includes('a session could not be checked'))
    expect(lines.at(-1)).toContain(session.id)
    expect(lines.at(-1)).toContain(setup.providerId)
    const secret = secrets?.refreshToken ?? ''
    expect(secret).not.toBe('')
    expect(setup.api.logged.join('')).not.toContain(secret)
  })
})

/** As if the person had signed in at a provider that is no more what it was. */
async function beginSession(
  userId: string,
  providerId: string,
  issuer = setup.identityProvider.issuer,
): Promise<void> {
  const claims = Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')
  const { sessions } = setup.api.controlPlane.services
  await sessions.begin({
    ...{ organizationId: setup.tenant.organizationId, userId, providerId, subject: 'somebody' },
    ...{ providerSessionId: null, authenticatedAt: Date.now(), userAgent: '', address: '' },
    ...{ authenticationMethods: [], authenticationClass: null, authenticationContexts: [] },
    secrets: { idToken: `e30.${claims}.e30`, refreshToken: 'of the former' },
  })
}

type Transaction = ControlPlane['database']['transaction']

/** Fails the so-and-so-manieth time, counted from 1. */
function failingOnce(transaction: Transaction, failing: number): Transaction {
  let count = 0
  return (...parameters) => {
    count += 1
    return count === failing ? Promise.reject(new Error('could not serialize')) : transaction(...parameters)
  }
}
