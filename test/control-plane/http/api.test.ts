import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'

let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
})

afterAll(() => api.close())

describe('who asks', () => {
  it('an API token stands for its organization and role', async () => {
    const { data } = await api.ask(
      tenant.token,
      '{ viewer { name role { name } organization { id name } permissions } }',
    )
    expect(data).toMatchObject({
      viewer: {
        name: 'test',
        role: { name: 'admin' },
        organization: { id: tenant.organizationId, name: 'Acme' },
      },
    })
  })

  it.each([
    ['no token', () => undefined],
    ['a token that is none', () => 'nonsense'],
    ['a token with another secret', () => tenant.token.replace(/[^.]+$/, 'A'.repeat(43))],
    [
      'a token that claims another organization',
      () => tenant.token.replace(tenant.organizationId, 'org_other'),
    ],
  ])('%s is unauthenticated, with status 401', async (_, token) => {
    const { status, errors } = await api.ask(token(), '{ viewer { id } }')
    expect(status).toBe(401)
    expect(errors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('an expired or revoked token is unauthenticated', async () => {
    const issue = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) {
      ... on IssuedApiToken { secret apiToken { id } } } }`
    const input = { name: 'short', role: 'VIEWER' }
    const { data } = await api.ask(tenant.token, issue, { input })
    const { secret, apiToken } = read<{ secret: string; apiToken: { id: string } }>(data, 'issueApiToken')
    expect((await api.ask(secret, '{ viewer { role { name } } }')).data).toEqual({
      viewer: { role: { name: 'viewer' } },
    })
    const revoke =
      'mutation($id: ID!) { revokeApiToken(input: { id: $id }) { ... on ApiToken { revokedAt } } }'
    await api.ask(tenant.token, revoke, { id: apiToken.id })
    expect((await api.ask(secret, '{ viewer { role { name } } }')).status).toBe(401)
  })
})

describe('HTTP', () => {
  it('tells whether it lives and whether it can work', async () => {
    const { url } = api.controlPlane
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${url}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({ status: 'ready', database: 'ok' })
  })

  it('serves an editor that names no other host, so that it works without internet', async () => {
    const response = await fetch(`${api.controlPlane.url}/graphiql`)
    const page = await response.text()
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page).toContain('query WhoAmI')
    expect(page).toContain('<label for="token">API token</label>')
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//)
  })

  it('lets the editor talk to the API alone, in no frame, and fits it to a phone', async () => {
    const response = await fetch(`${api.controlPlane.url}/graphiql`)
    const policy = response.headers.get('content-security-policy')?.split('; ')
    expect(policy).toEqual(
      expect.arrayContaining(["connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"]),
    )
    expect(await response.text()).toContain('<meta name="viewport" content="width=device-width')
  })

  it('refuses a body beyond its limit', async () => {
    const { status } = await api.ask(tenant.token, '{ viewer { id } }', { padding: 'x'.repeat(1_100_000) })
    expect(status).toBe(413)
  })

  it.each([
    [
      'too deep',
      `{ ${'teams { edges { node { users { edges { node { team {'.repeat(3)} id ${'} } } } } } }'.repeat(3)} }`,
    ],
    ['too many aliases', `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: viewer { id }`).join(' ')} }`],
    [
      'too costly',
      '{ teams(first: 100) { edges { node { virtualKeys(first: 100) { edges { node { team { virtualKeys(first: 100) { edges { node { name } } } } } } } } } } }',
    ],
  ])('refuses an operation that is %s', async (_, query) => {
    const { errors } = await api.ask(tenant.token, query)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions.code).not.toBe('INTERNAL_SERVER_ERROR')
  })
})

describe('errors', () => {
  it('a bug is masked with an id under which the log has it', async () => {
    const broken = await startApi()
    const { token } = await broken.createTenant('Broken')
    await withClient(broken.testDatabase.superuserUrl, (client) =>
      client.query('alter table teams rename to elsewhere'),
    )
    const { errors } = await broken.ask(token, '{ teams { totalCount } }')
    expect(errors[0]?.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
    const id = String(errors[0]?.extensions.id)
    expect(errors[0]?.message).toContain(id)
    expect(broken.logged.join('')).toContain(id)
    await broken.close()
  })

  it.each([
    ['a NanoUsd that is a number', 'query($a: Int) { teams(first: $a) { totalCount } }', { a: 0 }],
    ['a page beyond the limit', '{ teams(first: 101) { totalCount } }', {}],
    ['a variable of the wrong type', 'query($id: ID!) { team(id: $id) { id } }', {}],
    [
      'an unknown field',
      'mutation($input: CreateTeamInput!) { createTeam(input: $input) { __typename } }',
      { input: { workspaceId: 'w', name: 'n', surprise: 1 } },
    ],
    [
      'a control character',
      'mutation($input: CreateTeamInput!) { createTeam(input: $input) { __typename } }',
      { input: { workspaceId: 'w', name: 'a\u0000b' } },
    ],
  ])('%s is BAD_USER_INPUT', async (_, query, variables) => {
    const { errors } = await api.ask(tenant.token, query, variables)
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})
