import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issuerKey } from '../../../environment/token-issuer.ts'
import { read, type Tenant } from '../../api.ts'
import { type Changed, type JwtSetup, startJwtSetup } from './setup.ts'

const secret = 'a secret of forty characters, and random'
const good = issuerKey('good').jwk

let setup: JwtSetup
beforeAll(async () => {
  setup = await startJwtSetup()
})
afterAll(() => setup.close())

/** One that gives nobody anything. */
const identityProvider = (name: string) => ({
  ...{ name, kind: 'OIDC', issuer: `https://${name}.example`, clientId: 'gatehouse' },
  clientSecret: 'a secret that nobody asks for',
})

/** Somebody with these permissions and no other. */
async function limited(permissions: readonly string[]): Promise<Tenant> {
  const { api, tenant, change } = setup
  const { id: roleId } = await change('createRole', { name: `role ${permissions.join()}`, permissions })
  const { data } = await api.ask(
    tenant.token,
    `mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`,
    { input: { name: 'limited', roleId } },
  )
  return { ...tenant, token: read<{ secret: string }>(data, 'issueApiToken').secret }
}

describe('a JWT provider', () => {
  const byKeys = (...keys: object[]) => ({ keys: { keys } })
  const hs256 = { algorithm: 'HS256' }
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const pem = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' })
  const bad: Record<string, readonly [string, object]> = {
    'HS256 and no secret': ['secret', { ...hs256, jwksUrl: undefined }],
    'HS256 and keys': ['keys', { ...hs256, ...byKeys(good) }],
    'HS256 and a URL': ['jwksUrl', { ...hs256, jwksUrl: 'https://id.example/keys' }],
    'RS256 and a secret': ['secret', { secret }],
    'RS256 and nothing': ['jwksUrl', { jwksUrl: undefined }],
    'two sources': ['jwksUrl', { jwksUrl: 'https://id.example/keys', ...byKeys(good) }],
    'a secret of 31 bytes': ['secret', { ...hs256, secret: secret.slice(0, 31) }],
    'a public key as the secret': ['secret', { ...hs256, secret: String(pem).trim() }],
    'a public key as the secret, in one line': [
      'secret',
      { ...hs256, secret: String(pem).replaceAll('\n', '') },
    ],
    'a public key as the secret, in JSON': ['secret', { ...hs256, secret: JSON.stringify(good) }],
    'a private key': ['keys', byKeys(good, privateKey)],
    'a symmetric key': ['keys', byKeys(good, { kty: 'oct', k: 'c2VjcmV0' })],
    'an RSA key of 1024 bits': ['keys', byKeys(issuerKey('weak', 1_024).jwk)],
    'a key of another algorithm': ['keys', byKeys({ ...good, alg: 'PS256' })],
    'a hundred keys': ['keys', byKeys(...Array.from({ length: 100 }, () => good))],
    'no list of keys': ['keys', { keys: good }],
    'a file as the URL': ['jwksUrl', { jwksUrl: 'file:///etc/passwd' }],
    'a password in the URL': ['jwksUrl', { jwksUrl: 'https://me:secret@id.example/keys' }],
    'Gatehouse as the issuer': ['issuer', { issuer: 'urn:gatehouse:org_1' }],
    'Gatehouse’s own audience': ['audiences', { audiences: ['urn:gatehouse:org_1:data-planes'] }],
    'no audience': ['audiences', { audiences: [] }],
    'the client of the identity provider as an audience': [
      'audiences',
      { issuer: 'https://id.example', audiences: ['client-of-gatehouse'] },
    ],
    'an e-mail address as the subject': ['subjectClaim', { subjectClaim: 'email' }],
    'the type of a logout token': ['tokenTypes', { tokenTypes: ['application/logout+jwt'] }],
    'a claim of a prototype': [
      'requiredClaims.claim',
      { requiredClaims: [{ claim: '__proto__', value: 'x' }] },
    ],
    'tokens that live for a week': ['maxAgeSeconds', { maxAgeSeconds: 604_800 }],
  }

  it.each(Object.entries(bad))(
    'with %s is refused by the name of the field [S3-03, C25]',
    async (_, [field, input]) => {
      const refusal = await setup.create(input)
      expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT' })
      expect(refusal.message).toMatch(new RegExp(`^${field}\\b`))
      expect(refusal.message).not.toContain(secret.slice(0, 31))
    },
  )

  it('names the people of the identity provider whose issuer it has, and of no other', async () => {
    const { id } = await setup.change('createIdentityProvider', identityProvider('another'))
    const refusal = await setup.create({ issuer: 'https://another.example' })
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(refusal.message).toContain(id)
    expect(await setup.create({ issuer: 'https://another.example', identityProviderId: id })).toHaveProperty(
      'id',
    )
  })

  it('takes the client of its identity provider for an audience by no change either', async () => {
    const { id } = await setup.create({ issuer: 'https://id.example' })
    const refusal = await setup.change('updateJwtProvider', { id, audiences: ['client-of-gatehouse'] })
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/^audiences\b/) })
  })

  it('is made by no identity provider that comes later what it could not be before', async () => {
    const { id: identityProviderId } = await setup.change('createIdentityProvider', identityProvider('named'))
    await setup.create({ issuer: 'https://named.example', identityProviderId, audiences: ['api://named'] })
    await setup.create({ issuer: 'https://foreign.example' })
    const refusals: Record<string, Promise<Changed>> = {
      issuer: setup.change('createIdentityProvider', identityProvider('foreign')),
      clientId: setup.change('updateIdentityProvider', { id: identityProviderId, clientId: 'api://named' }),
    }
    for (const [field, refusal] of Object.entries(refusals)) {
      const message = expect.stringMatching(new RegExp(`^${field}\\b`))
      expect(await refusal).toMatchObject({ code: 'BAD_USER_INPUT', message })
    }
  })

  it('has an issuer and a name that no other has', async () => {
    await setup.create({ name: 'one', issuer: 'https://one.example' })
    expect(await setup.create({ issuer: 'https://one.example' })).toMatchObject({ code: 'ISSUER_TAKEN' })
    expect(await setup.create({ name: 'one' })).toMatchObject({ code: 'NAME_TAKEN' })
  })

  it('keeps its secret sealed, and shows it to nobody [S3-03]', async () => {
    const looked = 'the-secret-that-is-looked-for, in vain'
    const { id = '' } = await setup.create({ algorithm: 'HS256', secret: looked })
    await setup.change('setJwtProviderEnabled', { id, enabled: true })
    await setup.change('updateJwtProvider', { id, secret: `${looked} too` })
    const tables = ['jwt_providers', 'audit_events', 'config_entities', 'config_revisions']
    const rows = await Promise.all(
      tables.map((table) => setup.sql(`select to_jsonb(one)::text as row from ${table} one`)),
    )
    expect(JSON.stringify(rows)).toContain(id)
    expect(JSON.stringify([rows, setup.api.logged])).not.toContain(looked)
  })

  it('is enabled once it has keys, and not before', async () => {
    const { id = '' } = await setup.create()
    const enable = () => setup.change('setJwtProviderEnabled', { id, enabled: true })
    expect(await enable()).toMatchObject({ code: 'JWT_PROVIDER_HAS_NO_KEYS' })
    expect(await setup.change('refreshJwtProviderKeys', { id })).toMatchObject({ keyIds: ['key-1'] })
    expect(await enable()).toMatchObject({ enabled: true })
    const given = await setup.create(byKeys(good))
    expect(given).toMatchObject({ keyIds: ['good'], enabled: false })
    expect(await setup.change('setJwtProviderEnabled', { id: given.id, enabled: true })).toMatchObject({
      enabled: true,
    })
    expect(await setup.change('refreshJwtProviderKeys', { id: given.id })).toMatchObject({
      code: 'JWT_PROVIDER_HAS_NO_URL',
    })
  })

  it('is changed by nobody who has read an older one', async () => {
    const { id, version } = await setup.create({ algorithm: 'HS256', secret })
    const rename = (name: string) => setup.change('updateJwtProvider', { id, name, expectedVersion: version })
    expect(await rename('renamed')).toMatchObject({ version: 2 })
    expect(await rename('renamed again')).toMatchObject({ code: 'STALE_UPDATE' })
  })

  it('keeps its identity provider from being deleted', async () => {
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { deleteIdentityProvider(input: {id: $id}) { ... on Refusal { code } } }',
      { id: setup.identityProviderId },
    )
    expect(data).toEqual({ deleteIdentityProvider: { code: 'IN_USE' } })
  })
})

it('is disabled with its identity provider, by whoever disables that or changes how it is asked', async () => {
  const { id = '' } = await setup.change('createIdentityProvider', identityProvider('switched'))
  const jwtProviderId = await setup.createEnabled({ algorithm: 'HS256', secret, identityProviderId: id })
  for (const [mutation, input] of [
    ['setIdentityProviderEnabled', { enabled: false }],
    ['updateIdentityProvider', { clientSecret: 'another secret' }],
  ] as const) {
    await setup.sql(`update identity_providers set enabled = true, verified_at = now() where id = '${id}'`)
    await setup.change('setJwtProviderEnabled', { id: jwtProviderId, enabled: true })
    expect(await setup.read(jwtProviderId)).toMatchObject({ enabled: true })
    await setup.change(mutation, { id, ...input })
    expect(await setup.read(jwtProviderId)).toMatchObject({ enabled: false })
    const [{ enabled } = {}] = await setup.sql(`select enabled from identity_providers where id = '${id}'`)
    expect(enabled).toBe(false)
  }
})

describe('whoever may do less than the people whom a provider names', () => {
  const needed = ['identity_providers:*', 'roles:assign']

  it('neither creates it, nor changes or enables it, and still disables it [S3-03]', async () => {
    const viewer = ['organization:view', 'workspaces:view']
    const by = await limited([...needed, ...viewer])
    expect(await setup.create({ algorithm: 'HS256', secret }, by)).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    const id = await setup.createEnabled({ algorithm: 'HS256', secret })
    expect(await setup.change('updateJwtProvider', { id, secret: `${secret}!` }, by)).toMatchObject({
      code: 'RIGHTS_EXCEEDED',
    })
    expect(await setup.change('setJwtProviderEnabled', { id, enabled: false }, by)).toMatchObject({
      enabled: false,
    })
    expect(await setup.change('setJwtProviderEnabled', { id, enabled: true }, by)).toMatchObject({
      code: 'RIGHTS_EXCEEDED',
    })
    const refused = await setup.sql(
      `select id from audit_events where type = 'privilege_escalation.refused' and outcome = 'denied'`,
    )
    expect(refused).toHaveLength(3)
  })

  it('creates none once somebody is linked who may do more, whatever the identity provider gives', async () => {
    const { id: identityProviderId } = await setup.change(
      'createIdentityProvider',
      identityProvider('nothing'),
    )
    const by = await limited(needed)
    const create = () => setup.create({ algorithm: 'HS256', secret, identityProviderId }, by)
    expect(await create()).toHaveProperty('id')
    const of = { tenant: setup.tenant, identityProviderId: identityProviderId ?? '' }
    await setup.createPerson('boss', 'role_admin', of)
    expect(await create()).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
  })
})
