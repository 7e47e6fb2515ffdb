import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audience, issuerKey, signToken, type TokenParts } from '../../environment/token-issuer.ts'
import { type JwtSetup, startJwtSetup } from '../modules/jwt-providers/setup.ts'

const secret = 'a secret of forty characters, and random'
const sharedIssuer = 'https://shared.example'
/** Its tokens are signed by the algorithm of `issuer`. */
const alikeIssuer = 'https://alike.example'

let setup: JwtSetup
let providerId: string
let issuer: string

beforeAll(async () => {
  setup = await startJwtSetup()
  issuer = setup.issuer.issuer
  providerId = await setup.createEnabled({ issuer, requiredClaims: [{ claim: 'tid', value: 'acme' }] })
  await setup.createEnabled({ issuer: sharedIssuer, algorithm: 'HS256', secret })
  await setup.createEnabled({ issuer: alikeIssuer, keys: { keys: [issuerKey('alike').jwk] } })
})
afterAll(() => setup.close())

const now = () => Math.floor((Date.now() + setup.clock.ahead) / 1_000)
const sign = (subject: string, { header, claims, key }: TokenParts = {}) =>
  setup.issuer.sign(subject, {
    ...(header && { header }),
    ...(key && { key }),
    claims: { tid: 'acme', iat: now(), exp: now() + 3_600, ...claims },
  })
const share = (subject: string, claims: object = {}) =>
  signToken(sharedIssuer, subject, {
    key: Buffer.from(secret),
    claims: { iat: now(), exp: now() + 3_600, ...claims },
  })

/** @returns the user's id, or the code of the refusal */
async function whoIs(
  token: string,
  headers: Readonly<Record<string, string>> = {},
  query = '{ viewer { user { id } } }',
): Promise<string> {
  const response = await fetch(`${setup.api.controlPlane.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = (await response.json()) as {
    data?: { viewer?: { user: { id: string } } }
    errors?: { extensions: { code: string } }[]
  }
  return errors?.[0]?.extensions.code ?? data?.viewer?.user.id ?? 'nobody'
}

describe('a token of a JWT provider', () => {
  it.each([
    ['whose keys are at a URL', sign],
    ['that shares a secret', share],
  ])('%s is its user, with their rights and no others [S0-07, S3-03]', async (what, make) => {
    const userId = await setup.createPerson(what, 'role_viewer')
    const token = await make(what)
    expect(await whoIs(token)).toBe(userId)
    expect(await whoIs(token, {}, '{ apiTokens { totalCount } }')).toBe('FORBIDDEN')
  })

  const cases: Record<string, (subject: string) => Promise<string>> = {
    'of another issuer': (subject) => sign(subject, { claims: { iss: `${issuer}/` } }),
    'for another audience': (subject) => sign(subject, { claims: { aud: 'api://another' } }),
    'for the client at the identity provider': (subject) =>
      sign(subject, { claims: { aud: 'client-of-gatehouse' } }),
    'that has ended': (subject) => sign(subject, { claims: { iat: now() - 600, exp: now() - 60 } }),
    'that never ends': (subject) => sign(subject, { claims: { exp: undefined } }),
    'that does not hold yet': (subject) => sign(subject, { claims: { nbf: now() + 600 } }),
    'that is an ID token': (subject) => sign(subject, { claims: { at_hash: 'x' } }),
    'of another type': (subject) => sign(subject, { header: { typ: 'secevent+jwt' } }),
    'without the claim that is required': (subject) => sign(subject, { claims: { tid: undefined } }),
    'about nobody who is linked': () => sign('nobody'),
    'about a user by their id': async () => sign(await setup.createPerson('their id', 'role_viewer')),
    'about somebody who is that subject at another identity provider': async () => {
      const { tenant } = setup
      const input = { name: 'other', kind: 'OKTA', issuer: 'https://other.example', clientId: 'gatehouse' }
      const clientSecret = 'a secret that nobody asks for'
      const { id = '' } = await setup.change('createIdentityProvider', { ...input, clientSecret })
      await setup.createPerson('known elsewhere', 'role_admin', { tenant, identityProviderId: id })
      return sign('known elsewhere')
    },
    'signed in another way': (subject) => sign(subject, { header: { alg: 'PS256' } }),
    'signed by another key of the same name': (subject) => sign(subject, { key: issuerKey('x').privateKey }),
    'signed with HS256 and the public key as the secret': async (subject) => {
      const [, body] = (await sign(subject)).split('.')
      const content = `${encoded({ alg: 'HS256' })}.${body}`
      const pem = setup.issuer.key.publicKey.export({ type: 'spki', format: 'pem' })
      return `${content}.${createHmac('sha256', pem).update(content).digest('base64url')}`
    },
    'that says that nothing signs it': async (subject) => {
      const [, body] = (await sign(subject)).split('.')
      return `${encoded({ alg: 'none' })}.${body}.AA`
    },
    'of the issuer that shares a secret, signed by the other’s key': (subject) =>
      sign(subject, { claims: { iss: sharedIssuer } }),
    'of another issuer of the same algorithm, signed by this one’s key': (subject) =>
      sign(subject, { claims: { iss: alikeIssuer } }),
  }
  it.each(Object.entries(cases))('%s is refused [S0-07]', async (what, make) => {
    await setup.createPerson(what, 'role_viewer')
    expect(await whoIs(await make(what))).toBe('UNAUTHENTICATED')
  })

  it('that is refused is not made up for by a good API token beside it, and two good ones are refused [S3-07]', async () => {
    await setup.createPerson('two', 'role_viewer')
    const apiKey = { 'x-api-key': setup.tenant.token }
    expect(await whoIs(await sign('two', { claims: { aud: 'none' } }), apiKey)).toBe('UNAUTHENTICATED')
    expect(await whoIs(await sign('two'), apiKey)).toBe('AMBIGUOUS_CREDENTIALS')
  })

  it('of a provider that is for data planes alone opens nothing here', async () => {
    await setup.createPerson('elsewhere', 'role_viewer')
    await setup.change('updateJwtProvider', { id: providerId, opensControlPlane: false })
    expect(await whoIs(await sign('elsewhere'))).toBe('UNAUTHENTICATED')
    await setup.change('updateJwtProvider', { id: providerId, opensControlPlane: true })
    expect(await whoIs(await sign('elsewhere'))).not.toBe('UNAUTHENTICATED')
  })

  it('does nothing that needs MFA, whatever it says of itself [S3-42]', async () => {
    await setup.createPerson('mfa', 'role_developer')
    const token = await sign('mfa', { claims: { amr: ['mfa', 'hwk'], acr: 'gold' } })
    const query = '{ providers { totalCount } }'
    expect(await whoIs(token, {}, query)).toBe('nobody')
    await setup.sql(
      `insert into mfa_policies (id, org_id, rules, updated_at) values ('mfa_1', '${setup.tenant.organizationId}',
         '[{"permissions": ["providers:view"], "roleIds": [], "acrValues": [], "amr": [], "maxAgeSeconds": null, "exemptsTokens": true}]', now())`,
    )
    expect(await whoIs(token, {}, query)).toBe('MFA_REQUIRED')
    await setup.sql('delete from mfa_policies')
  })
})

describe('a key that nobody knows', () => {
  it('is asked for, and so works as soon as its issuer signs with it [S0-07]', async () => {
    const userId = await setup.createPerson('keys', 'role_viewer')
    setup.issuer.rotate()
    setup.clock.ahead += 31_000
    expect(await whoIs(await sign('keys'))).toBe(userId)
  })

  it('is asked for every 30 seconds at most, however many tokens name one, and only by good tokens', async () => {
    setup.clock.ahead += 31_000
    const { asked } = setup.issuer
    expect(await whoIs(await sign('keys', { header: { kid: 'other' }, claims: { aud: 'none' } }))).toBe(
      'UNAUTHENTICATED',
    )
    expect(setup.issuer.asked).toBe(asked)
    const { privateKey: key } = issuerKey('made up')
    const tokens = await Promise.all(
      Array.from({ length: 6 }, (_, index) => sign('keys', { header: { kid: `made up ${index}` }, key })),
    )
    expect(new Set(await Promise.all(tokens.map((token) => whoIs(token))))).toEqual(
      new Set(['UNAUTHENTICATED']),
    )
    expect(setup.issuer.asked).toBe(asked + 1)
  })
})

describe('is refused at once', () => {
  it('when its user is inactive, and a token from before that stays so [S3-43]', async () => {
    const id = await setup.createPerson('inactive', 'role_viewer')
    const token = await sign('inactive')
    expect(await whoIs(token)).toBe(id)
    await setup.change('updateUser', { id, active: false })
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
    setup.clock.ahead += 2_000
    expect(await whoIs(await sign('inactive'))).toBe('UNAUTHENTICATED')
    await setup.change('updateUser', { id, active: true })
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
    expect(await whoIs(await sign('inactive'))).toBe(id)
  })

  it.each([
    ['all sessions', 'mutation { revokeAllSessions(input: {}) { __typename } }'],
    [
      'the sessions of its user',
      'mutation ($userId: ID!) { revokeSessionsOfUser(input: {userId: $userId}) { __typename } }',
    ],
  ])('when %s are revoked, and one that is issued later is not', async (what, document) => {
    const userId = await setup.createPerson(what, 'role_viewer')
    const token = await sign(what)
    expect(await whoIs(token)).toBe(userId)
    setup.clock.ahead += 2_000
    const variables = document.includes('$userId') ? { userId } : {}
    const { errors } = await setup.api.ask(setup.tenant.token, document, variables)
    expect(errors).toEqual([])
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
    setup.clock.ahead += 2_000
    expect(await whoIs(await sign(what))).toBe(userId)
  })

  it('when its user is unlinked, or its provider disabled or deleted', async () => {
    const { identityProviderId, change } = setup
    const userId = await setup.createPerson('one', 'role_viewer')
    const other = await setup.createPerson('other', 'role_viewer')
    await change('unlinkIdentity', { userId, identityProviderId, subject: 'one' })
    expect(await whoIs(await sign('one'))).toBe('UNAUTHENTICATED')
    const id = await setup.createEnabled({ issuer: 'https://gone.example', algorithm: 'HS256', secret })
    const token = await signToken('https://gone.example', 'other', {
      key: Buffer.from(secret),
      claims: { iat: now(), exp: now() + 3_600 },
    })
    expect(await whoIs(token)).toBe(other)
    await change('setJwtProviderEnabled', { id, enabled: false })
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
    await change('setJwtProviderEnabled', { id, enabled: true })
    expect(await whoIs(token)).toBe(other)
    await change('deleteJwtProvider', { id })
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
  })

  it('when the directory of the identity provider has its user no more, who may be active by another', async () => {
    const userId = await setup.createPerson('gone there', 'role_viewer')
    expect(await whoIs(await sign('gone there'))).toBe(userId)
    await setup.sql(`update user_identities set decommissioned_at = now() where user_id = '${userId}'`)
    expect(await whoIs(await sign('gone there'))).toBe('UNAUTHENTICATED')
  })

  it('when the keys of its provider were fetched a day ago, whether or not anybody tried since [S0-07]', async () => {
    const userId = await setup.createPerson('stale', 'role_viewer')
    const ofProvider = `where id = '${providerId}'`
    await setup.sql(`update jwt_providers set keys_asked_at = now() + interval '9 days' ${ofProvider}`)
    expect(await whoIs(await sign('stale'))).toBe(userId)
    await setup.sql(
      `update jwt_providers set keys_fetched_at = keys_fetched_at - interval '1 day' ${ofProvider}`,
    )
    expect(await whoIs(await sign('stale'))).toBe('UNAUTHENTICATED')
    await setup.change('refreshJwtProviderKeys', { id: providerId })
    expect(await whoIs(await sign('stale'))).toBe(userId)
  })
})

describe('of several organizations', () => {
  const header = (organizationId: string) => ({ 'x-gatehouse-organization': organizationId })

  it('the one counts that the request names, and a token is never believed by another [S0-07]', async () => {
    const { tenant, api, change } = setup
    const userId = await setup.createPerson('somebody', 'role_viewer')
    const token = await share('somebody')
    expect(await whoIs(token)).toBe(userId)
    const foreign = await api.createTenant('Foreign')
    expect(await whoIs(token)).toBe('UNAUTHENTICATED')
    expect(await whoIs(token, header(tenant.organizationId))).toBe(userId)
    expect(await whoIs(token, { 'x-tenant-id': tenant.organizationId })).toBe(userId)
    expect(await whoIs(token, header(foreign.organizationId))).toBe('UNAUTHENTICATED')
    expect(await whoIs(token, header('org_none'))).toBe('UNAUTHENTICATED')

    // The same issuer, audience and subject there, by another secret.
    const { id: identityProviderId = '' } = await change(
      'createIdentityProvider',
      {
        ...{ name: 'okta', kind: 'OKTA', issuer: 'https://id.example', clientId: 'theirs' },
        clientSecret: 'a secret that nobody asks for',
      },
      foreign,
    )
    const { id } = await setup.create(
      {
        ...{ issuer: sharedIssuer, algorithm: 'HS256', secret: `${secret} of theirs` },
        ...{ identityProviderId, audiences: [audience], opensControlPlane: true },
      },
      foreign,
    )
    await change('setJwtProviderEnabled', { id, enabled: true }, foreign)
    const theirs = await setup.createPerson('somebody', 'role_admin', { tenant: foreign, identityProviderId })
    const foreignToken = await signToken(sharedIssuer, 'somebody', {
      key: Buffer.from(`${secret} of theirs`),
      claims: { iat: now(), exp: now() + 3_600 },
    })
    expect(await whoIs(foreignToken, header(foreign.organizationId))).toBe(theirs)
    expect(await whoIs(foreignToken, header(tenant.organizationId))).toBe('UNAUTHENTICATED')
    expect(await whoIs(token, header(foreign.organizationId))).toBe('UNAUTHENTICATED')
    expect(await whoIs(token, header(tenant.organizationId))).toBe(userId)
  })
})

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
