import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { updateUser } from '../../control-plane/modules/users/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import {
  audience,
  issuerKey,
  signToken,
  startTokenIssuer,
  type TestTokenIssuer,
  type TokenParts,
} from '../environment/token-issuer.ts'
import { eventually } from '../transport/poll.ts'

const secret = 'a secret of forty characters, and random'
const sharedIssuer = 'https://shared.example'
/** Its tokens are signed by the algorithm of `issuer`. */
const alikeIssuer = 'https://alike.example'
const refused = '401 authentication_required'

let gateway: Gateway
let issuer: TestTokenIssuer
let identityProviderId: string
/** Whose people no JWT provider names. */
let otherIdentityProviderId: string
/** With the keys of `issuer`, and with a secret. */
let byKeys: string
let bySecret: string

beforeAll(async () => {
  gateway = await startGateway()
  issuer = await startTokenIssuer()
  identityProviderId = await createIdentityProvider('okta', 'https://id.example')
  otherIdentityProviderId = await createIdentityProvider('other', 'https://other.example')
  byKeys = await createProvider({
    ...{ name: 'by keys', issuer: issuer.issuer, algorithm: 'RS256', jwksUrl: issuer.jwksUrl },
    ...{ trustedNetworks: ['127.0.0.0/8'], requiredClaims: [{ claim: 'tid', value: 'acme' }] },
  })
  bySecret = await createProvider({ name: 'by secret', issuer: sharedIssuer, algorithm: 'HS256', secret })
  const alike = await createProvider({
    ...{ name: 'alike', issuer: alikeIssuer, algorithm: 'RS256', keys: { keys: [issuerKey('alike').jwk] } },
  })
  await refresh(byKeys)
  for (const id of [byKeys, bySecret, alike]) await enable(id, true)
}, 60_000)
afterAll(async () => {
  await gateway.stop()
  await issuer.close()
})

/** @returns the id of what is there afterwards */
async function change(mutation: string, type: string, input: object): Promise<string> {
  const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
  const document = `mutation ($input: ${inputType}!) { ${mutation}(input: $input) {
    ... on ${type} { id } ... on Refusal { code message } } }`
  const { data, errors } = await gateway.graphql<Record<string, { id?: string }>>(document, { input })
  const id = data?.[mutation]?.id
  if (id === undefined) throw new Error(`${mutation}: ${JSON.stringify({ data, errors })}`)
  return id
}

function createIdentityProvider(name: string, issuer: string): Promise<string> {
  return change('createIdentityProvider', 'IdentityProvider', {
    ...{ name, kind: 'OKTA', issuer, clientId: 'client-of-gatehouse' },
    clientSecret: 'a secret that nobody asks for',
  })
}

function createProvider(input: object): Promise<string> {
  return change('createJwtProvider', 'JwtProvider', { identityProviderId, audiences: [audience], ...input })
}

async function refresh(id: string): Promise<void> {
  const { data, errors } = await gateway.graphql<Record<string, { keysProblem: string | null }>>(
    `mutation ($id: ID!) { refreshJwtProviderKeys(input: {id: $id}) {
       ... on JwtProvider { keysProblem } ... on Refusal { message } } }`,
    { id },
  )
  expect({ data, errors }).toMatchObject({ data: { refreshJwtProviderKeys: { keysProblem: null } } })
}

async function enable(id: string, enabled: boolean): Promise<void> {
  await change('setJwtProviderEnabled', 'JwtProvider', { id, enabled })
  await gateway.applied()
}

let count = 0

/** A user with a key of their own, whom the identity provider knows as this subject. */
async function newPerson(at = identityProviderId) {
  const subject = `subject-${++count}`
  const userId = await change('createUser', 'User', { name: subject })
  const { workspaceId, providerId } = await places()
  const key = await gateway.graphql<{ issueVirtualKey: { virtualKey: { id: string } } }>(
    `mutation ($input: IssueVirtualKeyInput!) { issueVirtualKey(input: $input) {
       ... on IssuedVirtualKey { virtualKey { id } } } }`,
    {
      input: {
        ...{ workspaceId, name: `key of ${subject}`, owner: { userId } },
        providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
      },
    },
  )
  await change('linkIdentity', 'User', { userId, identityProviderId: at, subject })
  await gateway.applied()
  return { userId, subject, keyId: key.data?.issueVirtualKey.virtualKey.id }
}

async function places() {
  const [row] = await rows<{ workspaceId: string; providerId: string }>(
    'select t.workspace_id as "workspaceId", p.id as "providerId" from teams t, providers p limit 1',
  )
  if (!row) throw new Error('there is no workspace')
  return row
}

function rows<T extends object>(sql: string): Promise<T[]> {
  const { database } = gateway.controlPlane
  return database.transaction(gateway.organizationId, (em) => em.execute<T[]>(sql))
}

async function call(token: string): Promise<string> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      model: 'demo/demo-chat',
      max_tokens: 5,
      messages: [{ role: 'user', content: 'x' }],
    }),
  })
  const { error } = (await response.json()) as { error?: { code: string } }
  return error ? `${response.status} ${error.code}` : String(response.status)
}

const signed = (subject: string, { header, claims, key }: TokenParts = {}) =>
  issuer.sign(subject, { ...(header && { header }), ...(key && { key }), claims: { tid: 'acme', ...claims } })
const shared = (subject: string, parts: TokenParts = {}) =>
  signToken(sharedIssuer, subject, { key: Buffer.from(secret), ...parts })

const untilCalls = (token: string, answer: string) =>
  eventually(`the data plane answers ${answer}`, async () => (await call(token)) === answer || undefined)

describe('a token of a JWT provider', () => {
  it.each([
    ['whose keys are at a URL', signed],
    ['that shares a secret', shared],
  ])('%s calls as the user who is its subject, with their own key [S0-07, S3-03]', async (_, sign) => {
    const { userId, subject, keyId } = await newPerson()
    expect(await call(await sign(subject))).toBe('200')
    await eventually('the call is charged', async () => {
      const [record] = await rows<{ virtual_key_id: string }>(
        `select virtual_key_id from usage_records where user_id = '${userId}'`,
      )
      return record && record.virtual_key_id === keyId ? true : undefined
    })
  })

  const now = Math.floor(Date.now() / 1_000)
  const none = { header: { alg: 'none' } }
  const cases: Record<string, (subject: string) => Promise<string>> = {
    'of another issuer': (subject) => signed(subject, { claims: { iss: `${issuer.issuer}/` } }),
    'of the issuer at which people sign in': (subject) =>
      signed(subject, { claims: { iss: 'https://id.example' } }),
    'for another audience': (subject) => signed(subject, { claims: { aud: 'api://another' } }),
    'for the client at the identity provider': (subject) =>
      signed(subject, { claims: { aud: 'client-of-gatehouse' } }),
    'that has ended': (subject) => signed(subject, { claims: { iat: now - 600, exp: now - 60 } }),
    'that never ends': (subject) => signed(subject, { claims: { exp: undefined } }),
    'that does not hold yet': (subject) => signed(subject, { claims: { nbf: now + 600 } }),
    'that is older than the provider allows': (subject) => signed(subject, { claims: { iat: now - 3_700 } }),
    'that is an ID token': (subject) => signed(subject, { claims: { nonce: 'n' } }),
    'of another type': (subject) => signed(subject, { header: { typ: 'logout+jwt' } }),
    'without the claim that is required': (subject) => signed(subject, { claims: { tid: undefined } }),
    'with another value of it': (subject) => signed(subject, { claims: { tid: 'evil' } }),
    'about nobody who is linked': () => signed('nobody'),
    'about a user by their id': async () => signed((await newPerson()).userId),
    'about somebody who is that subject at another identity provider': async () =>
      signed((await newPerson(otherIdentityProviderId)).subject),
    'signed in another way': (subject) => signed(subject, { header: { alg: 'PS256' } }),
    'signed by another key of the same name': (subject) =>
      signed(subject, { key: issuerKey('other').privateKey }),
    'signed with HS256 and the public key as the secret': async (subject) => {
      const [, body] = (await signed(subject)).split('.')
      const content = `${encoded({ alg: 'HS256', kid: issuer.key.kid })}.${body}`
      const pem = issuer.key.publicKey.export({ type: 'spki', format: 'pem' })
      return `${content}.${createHmac('sha256', pem).update(content).digest('base64url')}`
    },
    'that says that nothing signs it': async (subject) => {
      const [, body] = (await signed(subject)).split('.')
      return `${encoded(none.header)}.${body}.AA`
    },
    'of the issuer that shares a secret, signed by the other’s key': (subject) =>
      signed(subject, { claims: { iss: sharedIssuer } }),
    'of another issuer of the same algorithm, signed by this one’s key': (subject) =>
      signed(subject, { claims: { iss: alikeIssuer } }),
    'signed with another secret': (subject) =>
      shared(subject, { key: Buffer.from('another secret of at least 32 bytes!!') }),
  }

  it.each(Object.entries(cases))('%s is refused [S0-07]', async (_, make) => {
    const { subject } = await newPerson()
    expect(await call(await make(subject))).toBe(refused)
  })

  it('is refused once its user is inactive, and once they are unlinked [S3-43]', async () => {
    const [one, two] = [await newPerson(), await newPerson()]
    const tokens = [await signed(one.subject), await shared(two.subject)] as const
    expect(await Promise.all(tokens.map(call))).toEqual(['200', '200'])
    const { services } = gateway.controlPlane
    await updateUser(services, systemActor(gateway.organizationId), { id: one.userId, active: false })
    await untilCalls(tokens[0], refused)
    const { userId, subject } = two
    await change('unlinkIdentity', 'User', { userId, identityProviderId, subject })
    await untilCalls(tokens[1], refused)
  })

  it.each([
    [
      'its user was',
      'mutation ($userId: ID!) { revokeSessionsOfUser(input: {userId: $userId}) { __typename } }',
    ],
    ['everybody was', 'mutation { revokeAllSessions(input: {}) { before } }'],
  ])('is refused once %s signed out, and stays so when its provider changes', async (_, mutation) => {
    const { subject, userId } = await newPerson()
    const token = await signed(subject)
    expect(await call(token)).toBe('200')
    const { errors } = await gateway.graphql(mutation, mutation.includes('$userId') ? { userId } : {})
    expect(errors).toBeUndefined()
    await untilCalls(token, refused)
    // A second is the unit of a token's time: one that is made within the same second is from before.
    const next = Math.ceil(Date.now() / 1_000)
    await eventually('the next second', async () => Date.now() > next * 1_000 || undefined)
    const later = await signed(subject)
    expect(await call(later)).toBe('200')
    await change('updateJwtProvider', 'JwtProvider', { id: byKeys, maxAgeSeconds: 3_500 })
    await enable(byKeys, false)
    await enable(byKeys, true)
    await change('setDefaultVirtualKey', 'User', { userId })
    await untilCalls(later, '200')
    expect(await call(token)).toBe(refused)
  })

  it('is refused once the identity provider of its people is disabled, until its provider is enabled again', async () => {
    const { subject } = await newPerson()
    const tokens = [await signed(subject), await shared(subject)] as const
    expect(await Promise.all(tokens.map(call))).toEqual(['200', '200'])
    const [last] = await rows<{ id: string }>('select max(id) as id from audit_events')
    await change('setIdentityProviderEnabled', 'IdentityProvider', { id: identityProviderId, enabled: false })
    await gateway.applied()
    expect(await Promise.all(tokens.map(call))).toEqual([refused, refused])
    const recorded = await rows<{ id: string }>(
      `select subject_id as id from audit_events where type = 'jwt_provider.updated'
       and details ->> 'enabled' = 'false' and id > '${last?.id}'`,
    )
    expect(recorded.map(({ id }) => id)).toEqual(expect.arrayContaining([byKeys, bySecret]))
    for (const id of [byKeys, bySecret]) await enable(id, true)
    await untilCalls(tokens[0], '200')
  })

  it('is refused while its provider is disabled', async () => {
    const { subject } = await newPerson()
    for (const [id, token] of [
      [byKeys, await signed(subject)],
      [bySecret, await shared(subject)],
    ] as const) {
      expect(await call(token)).toBe('200')
      await enable(id, false)
      expect(await call(token)).toBe(refused)
      await enable(id, true)
      await untilCalls(token, '200')
    }
  })
})

describe('keys that change', () => {
  it('count as soon as they are fetched, and those that are withdrawn no more [S0-07]', async () => {
    const { subject } = await newPerson()
    const before = await signed(subject)
    expect(await call(before)).toBe('200')
    issuer.rotate()
    const after = await signed(subject)
    const asked = issuer.asked
    expect(await call(after)).toBe(refused)
    expect(issuer.asked).toBe(asked)
    await refresh(byKeys)
    await gateway.applied()
    expect(await call(after)).toBe('200')
    expect(await call(before)).toBe(refused)
  })

  it('are a new secret too', async () => {
    const { subject } = await newPerson()
    const another = 'another secret of at least 32 bytes!!'
    const token = await shared(subject, { key: Buffer.from(another) })
    expect(await call(token)).toBe(refused)
    await change('updateJwtProvider', 'JwtProvider', { id: bySecret, secret: another })
    await untilCalls(token, '200')
    expect(await call(await shared(subject))).toBe(refused)
    await change('updateJwtProvider', 'JwtProvider', { id: bySecret, secret })
    await untilCalls(await shared(subject), '200')
  })
})

it('somebody who was linked before the provider was there is known to it, and not after it is deleted', async () => {
  const { subject } = await newPerson()
  const later = await createProvider({
    ...{ name: 'later', issuer: 'https://later.example', algorithm: 'HS256', secret: `${secret} too` },
  })
  await enable(later, true)
  const token = await signToken('https://later.example', subject, { key: Buffer.from(`${secret} too`) })
  await untilCalls(token, '200')
  await gateway.graphql('mutation ($id: ID!) { deleteJwtProvider(input: {id: $id}) { __typename } }', {
    id: later,
  })
  await untilCalls(token, refused)
  expect(await call(await shared(subject))).toBe('200')
})

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
