import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { controlPlaneAt } from '../../../cli/client/control-plane.ts'
import { ExportConfiguration } from '../../../cli/configuration-file/documents.ts'
import { type CredentialKind, credentialKinds } from '../../../contract/credential-kinds.ts'
import { systemActor } from '../../../control-plane/actor.ts'
import { issueAdminToken, issueRecoveryToken } from '../../../control-plane/bootstrap.ts'
import { updateClientConfiguration } from '../../../control-plane/modules/client-configuration/service.ts'
import { authenticatorCode } from '../../environment/authenticator.ts'
import type { Browser } from '../../environment/browser.ts'
import { signToken } from '../../environment/token-issuer.ts'
import { type Answer, read } from '../api.ts'
import { type Subscriber, subscribe } from '../live/event-stream.ts'
import { type SignInSetup, startSignIn } from './signed-in.ts'

const issuer = 'https://tokens.example'
const secret = 'a secret of forty characters, and random'
let aheadMs = 0
let setup: SignInSetup
let people = 0
/** The headers of one admin, by each kind. */
let valid: Readonly<Record<CredentialKind, Record<string, string>>>

beforeAll(async () => {
  setup = await startSignIn({ now })
  await createJwtProvider()
  const login = setup.describePerson('ada', { roles: ['gatehouse-admin'] })
  const { browser } = await setup.signIn(login)
  valid = {
    API_TOKEN: { authorization: `Bearer ${setup.tenant.token}` },
    JWT: {
      authorization: `Bearer ${await jwtOf('ada')}`,
      // There are several organizations.
      'x-gatehouse-organization': setup.tenant.organizationId,
    },
    SESSION: { cookie: cookieOf(browser) },
  }
}, 60_000)
afterAll(() => setup.close())
afterEach(() => accept(...credentialKinds))

const now = () => Date.now() + aheadMs
const jwtOf = (subject: string) => signToken(issuer, subject, { key: Buffer.from(secret) })
const cookieOf = (browser: Browser) =>
  [...browser.cookiesOf(setup.url)].map(([name, value]) => `${name}=${value}`).join('; ')

async function createJwtProvider(): Promise<void> {
  const { token } = setup.tenant
  const input = {
    ...{ name: 'tokens', issuer, identityProviderId: setup.providerId, audiences: ['api://gatehouse'] },
    ...{ algorithm: 'HS256', secret, opensControlPlane: true },
  }
  const { id } = await mutate({ authorization: `Bearer ${token}` }, 'createJwtProvider', input)
  await mutate({ authorization: `Bearer ${token}` }, 'setJwtProviderEnabled', { id, enabled: true })
}

/** As Gatehouse itself, which no setting keeps out. */
async function accept(...acceptedCredentials: CredentialKind[]): Promise<void> {
  const { services } = setup.api.controlPlane
  await updateClientConfiguration(services, systemActor(setup.tenant.organizationId), { acceptedCredentials })
}

type Headers = Readonly<Record<string, string>>

async function ask(headers: Headers, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(`${setup.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  })
  const { data = null, errors = [] } = (await response.json()) as Partial<Answer>
  return { status: response.status, data, errors }
}

/** What is there afterwards, or the code of the refusal. */
async function mutate(headers: Headers, field: string, input: object): Promise<Record<string, unknown>> {
  const type = inputTypes[field] ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) {
    __typename ... on Refusal { code message }
    ${selections[field] ?? '... on Node { id }'} } }`
  const { data, errors } = await ask(headers, document, { input })
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read(data, field)
}

const inputTypes: Readonly<Record<string, string>> = { approveClientConfigurationChange: 'ByIdInput' }
const selections: Readonly<Record<string, string>> = {
  updateClientConfiguration:
    '... on ClientConfiguration { acceptedCredentials } ... on ApprovalRequired { change { id } }',
  approveClientConfigurationChange: '... on ClientConfigurationChange { status }',
  grantBreakGlass: '... on GrantedBreakGlass { enrolmentSecret }',
  applyConfiguration: '... on ConfigurationFileInvalid { problems { path message } }',
  rollBackConfiguration: '... on RolledBackConfiguration { skipped }',
}

const whoAmI = (headers: Headers) => ask(headers, '{ viewer { name } }')
const update = (headers: Headers, acceptedCredentials: readonly string[]) =>
  mutate(headers, 'updateClientConfiguration', { acceptedCredentials })

async function acceptedNow(): Promise<unknown> {
  const { services } = setup.api.controlPlane
  const [row] = await services.database.transaction(setup.tenant.organizationId, (em) =>
    em.execute<{ accepted: unknown }[]>('select accepted_credentials as accepted from client_configurations'),
  )
  return row?.accepted
}

const plurals = {
  API_TOKEN: 'API tokens',
  JWT: 'tokens of JWT providers',
  SESSION: 'sessions',
}
/** Every choice of kinds that an organization can make. */
const choices = Array.from({ length: 7 }, (_, index) => ({
  accepted: credentialKinds.filter((_kind, bit) => ((index + 1) >> bit) & 1),
}))

describe('an organization', () => {
  it('accepts every kind of credential until it says otherwise [S3-07]', async () => {
    const { token } = await setup.api.createTenant('New')
    const { data } = await setup.api.ask(token, '{ clientConfiguration { acceptedCredentials } }')
    expect(read(data, 'clientConfiguration')).toEqual({ acceptedCredentials: [...credentialKinds] })
  })

  it.each(choices)(
    'that accepts $accepted lets in by these alone, on every route, and says so to nobody else [S3-07]',
    async ({ accepted }) => {
      await accept(...accepted)
      const from = new Date(now() - 3_600_000).toISOString()
      for (const kind of credentialKinds) {
        const { status, errors } = await whoAmI(valid[kind])
        const csv = await fetch(`${setup.url}/usage.csv?from=${from}`, { headers: valid[kind] })
        if (accepted.includes(kind)) {
          expect([kind, status, csv.status === 401]).toEqual([kind, 200, false])
          continue
        }
        expect([kind, status, csv.status]).toEqual([kind, 401, 401])
        expect(errors[0]?.message).toMatch(`This organization does not accept ${plurals[kind]}: `)
        expect(errors[0]?.extensions).toMatchObject({
          ...{ code: 'UNAUTHENTICATED', type: 'credential_not_accepted' },
        })
      }
    },
  )

  it('tells a stranger nothing of it', async () => {
    const wrong = {
      API_TOKEN: { authorization: `Bearer ${setup.tenant.token.slice(0, -2)}xx` },
      JWT: {
        ...valid.JWT,
        authorization: `Bearer ${await signToken(issuer, 'ada', { key: Buffer.from('x'.repeat(32)) })}`,
      },
      SESSION: { cookie: valid.SESSION.cookie?.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A')) ?? '' },
    }
    for (const kind of credentialKinds) {
      await accept(...credentialKinds.filter((other) => other !== kind))
      const { status, errors } = await whoAmI(wrong[kind])
      expect([kind, status, errors[0]?.extensions.type]).toEqual([kind, 401, 'authentication_required'])
      expect(errors[0]?.message).not.toContain('does not accept')
    }
  })

  it('that accepts no API tokens tells nobody so by one that was revoked', async () => {
    const issued = await setup.api.ask(
      setup.tenant.token,
      'mutation { issueApiToken(input: {name: "old", role: ADMIN}) { ... on IssuedApiToken { secret apiToken { id } } } }',
    )
    const { secret: old, apiToken } = read<{ secret: string; apiToken: { id: string } }>(
      issued.data,
      'issueApiToken',
    )
    await ask(valid.API_TOKEN, `mutation { revokeApiToken(input: {id: "${apiToken.id}"}) { __typename } }`)
    await accept('SESSION')
    const { errors } = await whoAmI({ authorization: `Bearer ${old}` })
    expect(errors[0]?.extensions.type).toBe('authentication_required')
  })

  it('does not make up for a credential that it does not accept by one beside it that it does', async () => {
    await accept('SESSION')
    const { status, errors } = await whoAmI({ ...valid.API_TOKEN, ...valid.SESSION })
    expect([status, errors[0]?.extensions.type]).toEqual([401, 'credential_not_accepted'])
  })

  it('is told as the reason why an API token may do nothing', async () => {
    await accept('SESSION')
    const query = `query ($apiTokenId: ID!) {
      explainPermission(input: {apiTokenId: $apiTokenId, permission: "teams:view"}) { allowed explanation } }`
    const listed = await ask(valid.SESSION, '{ apiTokens { edges { node { id name } } } }')
    const { edges } = read<{ edges: { node: { id: string; name: string } }[] }>(listed.data, 'apiTokens')
    const apiTokenId = edges.find(({ node }) => node.name === 'test')?.node.id
    const { data } = await ask(valid.SESSION, query, { apiTokenId })
    expect(read(data, 'explainPermission')).toEqual({
      ...{ allowed: false, explanation: 'No. The organization does not accept API tokens.' },
    })
  })

  it('is told by the command line too', async () => {
    await accept('SESSION')
    const controlPlane = controlPlaneAt(`${setup.url}/graphql`, setup.tenant.token)
    await expect(controlPlane.run(ExportConfiguration, {})).rejects.toThrow(
      'does not accept the token: This organization does not accept API tokens: sign in',
    )
  })

  it('decides for itself alone', async () => {
    const other = await setup.api.createTenant('Other')
    await accept('JWT')
    expect((await setup.api.ask(other.token, '{ viewer { name } }')).status).toBe(200)
    expect((await whoAmI(valid.API_TOKEN)).status).toBe(401)
  })

  it('keeps to what it said when its configuration is rolled back', async () => {
    const { data } = await ask(valid.SESSION, '{ configuration { revision } }')
    const { revision } = read<{ revision: number }>(data, 'configuration')
    expect(await update(valid.SESSION, ['SESSION', 'JWT'])).toMatchObject({
      acceptedCredentials: ['JWT', 'SESSION'],
    })
    await mutate(valid.SESSION, 'updateClientConfiguration', { allowedOrigins: ['https://a.example'] })
    const rolled = await mutate(valid.SESSION, 'rollBackConfiguration', { revision })
    expect(rolled).not.toHaveProperty('code')
    const after = await ask(valid.SESSION, '{ clientConfiguration { allowedOrigins acceptedCredentials } }')
    expect(after.data?.clientConfiguration).toEqual({
      ...{ allowedOrigins: [], acceptedCredentials: ['JWT', 'SESSION'] },
    })
  })
})

describe('an organization that accepts no sessions', () => {
  it('signs nobody in, and makes nobody a user of whom it could make nothing', async () => {
    await accept('API_TOKEN')
    const login = setup.describePerson(`new${++people}`, { roles: ['reader'] })
    const { browser, status, page } = await setup.signIn(login)
    expect(status).toBe(403)
    expect(page).toContain('sessions_not_accepted')
    expect(cookieOf(browser)).toBe('')
    const { data } = await ask(valid.API_TOKEN, '{ users { edges { node { name } } } }')
    expect(JSON.stringify(data)).not.toContain(`Person ${login}`)
  })

  it('gives no access token for one, and takes none further', async () => {
    await accept('API_TOKEN')
    const headers = { ...valid.SESSION, origin: setup.url }
    const token = await fetch(`${setup.url}/auth/token`, { method: 'POST', headers })
    expect(token.status).toBe(401)
    expect(await token.text()).toContain('does not accept sessions')
    const stepUp = await fetch(`${setup.url}/auth/step-up`, { headers, redirect: 'manual' })
    expect(stepUp.status).toBe(401)
    await accept(...credentialKinds)
    expect((await whoAmI(valid.SESSION)).status).toBe(200)
  })
})

describe('nobody takes away the kind of credential by which they act', () => {
  it.each(credentialKinds.map((kind) => ({ kind })))('$kind [S3-07]', async ({ kind }) => {
    const others = credentialKinds.filter((other) => other !== kind)
    const refused = await update(valid[kind], others)
    expect(refused).toMatchObject({ code: 'CREDENTIAL_LOCKOUT', __typename: 'CredentialLockout' })
    expect(refused.message).toMatch(/would not be accepted any more. First .+, and make the change so/)
    expect(await acceptedNow()).toEqual([...credentialKinds])
    const [other = kind] = others
    expect(await update(valid[other], others)).toMatchObject({ acceptedCredentials: others })
    expect((await whoAmI(valid[kind])).status).toBe(401)
  })

  it('by a configuration file', async () => {
    const document = { version: 1, clientConfiguration: { acceptedCredentials: ['SESSION'] } }
    const refused = await mutate(valid.API_TOKEN, 'applyConfiguration', { document })
    expect(JSON.stringify(refused)).toContain('would not be accepted any more')
    expect(await acceptedNow()).toEqual([...credentialKinds])
    expect(await mutate(valid.SESSION, 'applyConfiguration', { document })).not.toHaveProperty('code')
    expect(await acceptedNow()).toEqual(['SESSION'])
  })

  it('by approving what somebody else asked for', async () => {
    const { database } = setup.api.controlPlane
    const second = { authorization: `Bearer ${await issueAdminToken(database, organization(), 'second')}` }
    await mutate(valid.SESSION, 'updateClientConfiguration', { requireApprovalForHeaderChanges: true })
    const asked = await mutate(valid.SESSION, 'updateClientConfiguration', {
      ...{ requireApprovalForHeaderChanges: false, acceptedCredentials: ['SESSION'] },
    })
    const { id } = asked.change as { id: string }
    const approve = () => mutate(second, 'approveClientConfigurationChange', { id })
    expect(await approve()).toMatchObject({ code: 'CREDENTIAL_LOCKOUT' })
    expect(await acceptedNow()).toEqual([...credentialKinds])
    const again = await mutate(valid.SESSION, 'updateClientConfiguration', {
      requireApprovalForHeaderChanges: false,
    })
    const other = again.change as { id: string }
    expect(await mutate(second, 'approveClientConfigurationChange', other)).toMatchObject({
      status: 'APPROVED',
    })
  })
})

const organization = () => setup.tenant.organizationId

describe('in an emergency', () => {
  it('somebody gets in with a break-glass password, and can accept sessions again', async () => {
    const cookie = await signInByPassword()
    await accept('JWT')
    expect((await whoAmI(valid.SESSION)).status).toBe(401)
    expect((await whoAmI({ cookie })).status).toBe(200)
    expect(await update({ cookie }, ['SESSION'])).toMatchObject({ acceptedCredentials: ['SESSION'] })
    expect((await whoAmI(valid.SESSION)).status).toBe(200)
  })

  it('whoever has the database gets in with a token of recover-admin, and with no other', async () => {
    const { database } = setup.api.controlPlane
    await accept('SESSION')
    const terms = { reason: 'nobody can sign in', minutes: 60 }
    const recovery = { authorization: `Bearer ${await issueRecoveryToken(database, organization(), terms)}` }
    const usual = { authorization: `Bearer ${await issueAdminToken(database, organization(), 'usual')}` }
    expect((await whoAmI(recovery)).status).toBe(200)
    expect((await whoAmI(usual)).status).toBe(401)
    await update(recovery, ['API_TOKEN'])
    expect((await whoAmI(usual)).status).toBe(200)
  })
})

/** Somebody whom the identity provider does not know. @returns the Cookie header */
async function signInByPassword(): Promise<string> {
  const { data } = await ask(valid.SESSION, '{ users { edges { node { id name } } } }')
  const { edges } = read<{ edges: { node: { id: string; name: string } }[] }>(data, 'users')
  const user = edges.find(({ node }) => node.name === 'Person ada')?.node.id
  const granted = await mutate(valid.SESSION, 'grantBreakGlass', { userId: user })
  const { enrolmentSecret } = granted
  const password = 'correct horse battery'
  const post = (path: string, body: object) =>
    fetch(`${setup.url}/auth/break-glass${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: setup.url },
      body: JSON.stringify(body),
    })
  const begun = await post('/enrolment', { enrolmentSecret, password })
  const { totpUri } = (await begun.json()) as { totpUri: string }
  const code = () => authenticatorCode(totpUri, now())
  await post('/enrolment/confirmation', { enrolmentSecret, code: code() })
  aheadMs += 60_000
  const signedIn = await post('', { organization: organization(), user, password, code: code() })
  expect(signedIn.status).toBe(200)
  return signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

/** The error with which a stream ends; an event that was on its way is passed over. */
async function endOf(stream: Subscriber) {
  for (let result = await stream.next(); result; result = await stream.next()) {
    const [error] = result.errors ?? []
    if (error) return error
  }
  throw new Error('the stream ended without a word')
}

describe('a stream under way', () => {
  it('is looked at anew at once when the client configuration changes', async () => {
    const { feed } = setup.api.controlPlane.services.live
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    const topics = ['access'] as const
    const end = feed.subscribe({ actorId: 'test', organizationId: organization(), topics, wake: resolve })
    await accept('JWT')
    await woken
    end()
  })

  it.each(credentialKinds.map((kind) => ({ kind })))(
    'of a $kind ends with the reason once that is not accepted, and others go on',
    async ({ kind }) => {
      const others = credentialKinds.filter((other) => other !== kind)
      const [other = kind] = others
      const follow = 'subscription { auditRecorded { type } }'
      const [ending, lasting] = [
        await subscribe(setup.url, undefined, follow, {}, valid[kind]),
        await subscribe(setup.url, undefined, follow, {}, valid[other]),
      ]
      await accept(...others)
      const error = await endOf(ending)
      expect(error?.message).toContain(`does not accept ${plurals[kind]}`)
      expect(error?.extensions.code).toBe('UNAUTHENTICATED')
      expect((await lasting.next())?.data?.auditRecorded).toEqual({ type: 'client_configuration.updated' })
      await ending.close()
      await lasting.close()
    },
  )
})
