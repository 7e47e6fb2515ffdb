import { randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import type { Browser } from '../../environment/browser.ts'
import {
  type SigningKey,
  startIdentityProvider,
  type TestIdentityProvider,
} from '../../environment/identity-provider.ts'
import { read } from '../api.ts'
import { createProvider, endsOf, type SignInSetup, startSignIn, viewerQuery } from './signed-in.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'

let setup: SignInSetup
let key: SigningKey
let browser: Browser
let other: TestIdentityProvider
let keyOfOther: SigningKey

beforeAll(async () => {
  setup = await startSignIn()
  key = await setup.identityProvider.rotateKeys()
  other = await startIdentityProvider({
    redirectUri: `${setup.url}/auth/oidc/other/callback/${setup.tenant.organizationId}`,
  })
  keyOfOther = await other.rotateKeys()
  const { issuer, clientId, clientSecret } = other
  await createProvider(setup.api, setup.tenant, {
    ...{ name: 'other', kind: 'OIDC', issuer, clientId, clientSecret },
  })
})
afterAll(async () => {
  await setup.close()
  await other.close()
})
beforeEach(async () => {
  browser = (await setup.signIn(setup.describePerson('ann', { roles: ['reader'] }))).browser
})

/** As a provider signs it, of the person `ann` unless claims say otherwise. */
function logoutToken({
  claims = {},
  header = {},
  by = setup.identityProvider,
  key: signingKey = key,
}: {
  claims?: object
  header?: object
  by?: TestIdentityProvider
  key?: SigningKey
} = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = encode({ alg: 'RS256', typ: 'logout+jwt', kid: signingKey.kid, ...header })
  const body = encode({
    ...{ iss: by.issuer, aud: by.clientId, sub: 'ann', iat: now, exp: now + 120, jti: randomUUID() },
    ...{ events: { [event]: {} }, ...claims },
  })
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), signingKey.privateKey)
  return `${head}.${body}.${signature.toString('base64url')}`
}

const send = (token: string, name = 'okta') =>
  fetch(`${setup.url}/auth/oidc/${name}/back-channel-logout?organization=${setup.tenant.organizationId}`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  })
const statusOf = async (of: Browser) => (await setup.ask(of, viewerQuery)).status

const rename = (table: string, name: string) =>
  withClient(setup.api.testDatabase.superuserUrl, (client) =>
    client.query(`alter table ${table} rename to ${name}`),
  )

/** The sessions whose access tokens data planes are told to refuse. */
const endedAccess = async () => {
  const { database } = setup.api.controlPlane
  const rows = await database.transaction(setup.tenant.organizationId, (em) =>
    em.execute<{ id: string }[]>('select id from ended_access'),
  )
  return rows.map(({ id }) => id)
}

describe('a logout token', () => {
  it('of a person ends their sessions, and a replay none that began since', async () => {
    const { user } = await setup.viewerOf(browser)
    const token = logoutToken()
    expect((await send(token)).status).toBe(200)
    expect(await statusOf(browser)).toBe(401)
    expect((await endsOf(setup, user.id)).at(-1)).toMatchObject({
      actor: { kind: 'identity_provider', id: setup.providerId },
      details: { providerId: setup.providerId, reason: 'idp_logout' },
    })
    const again = (await setup.signIn('ann')).browser
    expect((await send(token)).status).toBe(200)
    expect(await statusOf(again)).toBe(200)
    expect((await send(logoutToken())).status).toBe(200)
    expect(await statusOf(again)).toBe(401)
  })

  it.each([
    ['the store of sessions', 'sessions'],
    ['what ends access tokens', 'access_token_sessions'],
    ['the record of used tokens', 'used_logout_tokens'],
  ])('counts when it is sent again after %s was away', async (_, table) => {
    const headers = { origin: setup.url }
    expect((await browser.request(`${setup.url}/auth/token`, { method: 'POST', headers })).status).toBe(200)
    const listed = await setup.ask(browser, '{ sessions { id } }')
    const [session] = read<{ id: string }[]>(listed.data, 'sessions')
    const token = logoutToken()
    await rename(table, `${table}_away`)
    try {
      expect((await send(token)).status).toBe(500)
    } finally {
      await rename(`${table}_away`, table)
    }
    expect((await send(token)).status).toBe(200)
    expect(await statusOf(browser)).toBe(401)
    expect(await endedAccess()).toContain(session?.id)
    const again = (await setup.signIn('ann')).browser
    expect((await send(token)).status).toBe(200)
    expect(await statusOf(again)).toBe(200)
  })

  it('of one provider ends no session of another, whoever it names and wherever it is sent', async () => {
    const theirs = { by: other, key: keyOfOther }
    expect((await send(logoutToken(theirs), 'other')).status).toBe(200)
    expect((await send(logoutToken(theirs))).status).toBe(400)
    const claims = { iss: setup.identityProvider.issuer }
    expect((await send(logoutToken({ ...theirs, claims }))).status).toBe(400)
    expect(await statusOf(browser)).toBe(200)
  })

  it.each([
    ['the type of an ID token', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['another audience', { claims: { aud: 'other' } }],
    ['a nonce', { claims: { nonce: 'n' } }],
    ['no event', { claims: { events: {} } }],
    ['no id', { claims: { jti: undefined } }],
    ['a time that is long ago', { claims: { iat: 1_700_000_000 } }],
  ])('with %s ends none', async (_, of) => {
    expect((await send(logoutToken(of))).status).toBe(400)
    expect(await statusOf(browser)).toBe(200)
  })

  it('is taken by no other method', async () => {
    const address = `${setup.url}/auth/oidc/okta/back-channel-logout?logout_token=${logoutToken()}`
    expect((await fetch(address)).status).toBe(404)
    expect(await statusOf(browser)).toBe(200)
  })
})

describe('a flood of logout tokens', () => {
  const keyRequests = () => setup.identityProvider.requests.filter((request) => /jwks/.test(request)).length

  it('that name keys that nobody has asks the provider for its keys once', async () => {
    await send(logoutToken())
    const before = keyRequests()
    const tokens = Array.from({ length: 60 }, () => logoutToken({ header: { kid: randomUUID() } }))
    const statuses = await Promise.all(tokens.map(async (token) => (await send(token)).status))
    expect(new Set(statuses)).toEqual(new Set([400]))
    expect(keyRequests() - before).toBeLessThanOrEqual(1)
  })

  it('is held back by the limit of requests of an address', async () => {
    const limited = await startSignIn({ graphql: { requestsPerMinuteOfAddress: 5 } })
    try {
      const address = `${limited.url}/auth/oidc/okta/back-channel-logout?organization=${limited.tenant.organizationId}`
      const statuses: number[] = []
      for (let count = 0; count < 12; count++) {
        const body = new URLSearchParams({ logout_token: 'x.y.z' })
        statuses.push((await fetch(address, { method: 'POST', body })).status)
      }
      expect(statuses.at(0)).toBe(400)
      expect(statuses.at(-1)).toBe(429)
    } finally {
      await limited.close()
    }
  })

  it('of megabytes each is not read', async () => {
    expect((await send('x'.repeat(2_000_000))).status).toBe(413)
  })
})
