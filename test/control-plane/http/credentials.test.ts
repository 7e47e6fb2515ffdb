import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../environment/browser.ts'
import { read } from '../api.ts'
import { type SignInSetup, startSignIn, viewerQuery } from './signed-in.ts'

let setup: SignInSetup
/** A Cookie header, and two tokens. */
let session: string
let token: string
let otherToken: string

beforeAll(async () => {
  setup = await startSignIn()
  const { browser } = await setup.signIn(setup.describePerson('kim', { roles: ['reader'] }))
  session = [...browser.cookiesOf(setup.url)].map(([name, value]) => `${name}=${value}`).join('; ')
  token = setup.tenant.token
  const { data } = await setup.api.ask(
    token,
    'mutation { issueApiToken(input: {name: "other", role: VIEWER}) { ... on IssuedApiToken { secret } } }',
  )
  otherToken = read<{ secret: string }>(data, 'issueApiToken').secret
})
afterAll(() => setup.close())

const none = () => undefined
const kinds = {
  authorization: {
    none,
    good: () => `Bearer ${token}`,
    bad: () => 'Bearer ghat.none.none.none',
    'of another kind': () => 'Basic dXNlcjpwYXNz',
  },
  apiKey: { none, good: () => otherToken, bad: () => 'ghat.none.none.none', empty: () => '' },
  cookie: {
    none,
    good: () => session,
    bad: () => `${session.slice(0, -1)}${session.endsWith('A') ? 'B' : 'A'}`,
    'in two versions': () => `${session}; __Host-gatehouse-session=another`,
    'of others': () => 'theme=dark',
  },
} as const

type Kind = keyof typeof kinds
type State = { readonly [K in Kind]: keyof (typeof kinds)[K] }

const combinations = Object.keys(kinds.authorization).flatMap((authorization) =>
  Object.keys(kinds.apiKey).flatMap((apiKey) =>
    Object.keys(kinds.cookie).map((cookie) => ({ authorization, apiKey, cookie }) as State),
  ),
)

function send(headers: Readonly<Record<string, string | undefined>>) {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  return fetch(`${setup.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...Object.fromEntries(given) },
    body: JSON.stringify({ query: viewerQuery }),
  })
}

/** What the request brings, of whatever quality. */
const broughtBy = (state: State) => Object.values(state).filter((how) => !['none', 'of others'].includes(how))

describe('the credentials of a request', () => {
  it.each(combinations)(
    '$authorization Authorization, $apiKey X-API-Key, $cookie cookie: each is judged, and only one alone lets in [S3-07]',
    async (state) => {
      const response = await send({
        authorization: kinds.authorization[state.authorization](),
        'x-api-key': kinds.apiKey[state.apiKey](),
        cookie: kinds.cookie[state.cookie](),
      })
      const brought = broughtBy(state)
      const allGood = brought.length > 0 && brought.every((how) => how === 'good')
      const expected = !allGood ? 401 : brought.length === 1 ? 200 : 400
      const { errors } = (await response.json()) as { errors?: { extensions: { type?: string } }[] }
      expect(response.status).toBe(expected)
      if (expected === 400) expect(errors?.[0]?.extensions.type).toBe('ambiguous_credentials')
    },
  )

  it('are one when both headers hold the same token', async () => {
    expect((await send({ authorization: `Bearer ${token}`, 'x-api-key': token })).status).toBe(200)
  })

  it('that are a session cookie of an organization and a token of another one let nobody in', async () => {
    const other = await setup.api.createTenant('Other')
    expect((await send({ authorization: `Bearer ${other.token}`, cookie: session })).status).toBe(400)
  })
})

describe('an API token', () => {
  it('in X-API-Key lets its owner in, on every route, and a GET too [S3-05]', async () => {
    const asked = await send({ 'x-api-key': token })
    expect(((await asked.json()) as { data: { viewer: { name: string } } }).data.viewer.name).toBe('test')
    const query = encodeURIComponent('{ viewer { name } }')
    const got = await fetch(`${setup.url}/graphql?query=${query}`, { headers: { 'x-api-key': token } })
    expect(got.status).toBe(200)
    const from = new Date(Date.now() - 3_600_000).toISOString()
    const csv = await fetch(`${setup.url}/usage.csv?from=${from}`, { headers: { 'x-api-key': token } })
    expect(csv.status).not.toBe(401)
  })

  it('works while the identity provider is down [X0-11]', async () => {
    await setup.identityProvider.close()
    expect((await send({ authorization: `Bearer ${token}` })).status).toBe(200)
    expect((await setup.signIn('kim', new Browser()).catch(() => ({ status: 502 }))).status).not.toBe(200)
  })
})
