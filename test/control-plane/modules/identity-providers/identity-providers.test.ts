import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  IdentityProviderEntity,
  RelyingParties,
} from '../../../../control-plane/modules/identity-providers/index.ts'
import { read } from '../../api.ts'
import { enable, type SignInSetup, startSignIn } from '../../http/signed-in.ts'
import { type ProviderApi, providerApi, type Result } from './provider-api.ts'

let setup: SignInSetup
let change: ProviderApi['change']
let settings: ProviderApi['settings']

beforeAll(async () => {
  setup = await startSignIn()
  ;({ change, settings } = providerApi(setup.api, setup.tenant, setup.identityProvider))
})
afterAll(() => setup.close())

async function verify(id: string): Promise<Result> {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    `mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) {
      ... on IdentityProviderVerification { ok checks { name ok message } } } }`,
    { id },
  )
  return read(data, 'verifyIdentityProvider')
}

async function stateOf(id: string) {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    'query ($id: ID!) { identityProvider(id: $id) { enabled verifiedAt } }',
    { id },
  )
  return read<{ enabled: boolean; verifiedAt: string | null }>(data, 'identityProvider')
}

describe('an identity provider', () => {
  it('is enabled only when it was verified as it is configured now', async () => {
    const { id = '' } = await change('createIdentityProvider', settings())
    expect(await enable(setup.api, setup.tenant, id, true)).toEqual({ code: 'IDP_NOT_VERIFIED' })
    expect(await verify(id)).toMatchObject({ ok: true })
    expect(await enable(setup.api, setup.tenant, id, true)).toEqual({ enabled: true })
    const changed = await change('updateIdentityProvider', { id, clientSecret: 'another secret than before' })
    expect(changed).toMatchObject({ enabled: false, verifiedAt: null })
    expect(await enable(setup.api, setup.tenant, id, true)).toEqual({ code: 'IDP_NOT_VERIFIED' })
  })

  it('is told apart from one whose secret is wrong, and says so without repeating it', async () => {
    const secret = 'a secret that the provider does not know'
    const { id = '' } = await change('createIdentityProvider', settings({ clientSecret: secret }))
    const { ok, checks = [] } = await verify(id)
    expect([ok, checks.filter((check) => !check.ok).map(({ name }) => name)]).toEqual([
      false,
      ['CLIENT_AUTH'],
    ])
    expect(JSON.stringify(checks)).not.toContain(secret)
  })

  it('in a private network that nobody has named is not asked, and the refusal says what to do', async () => {
    const { id = '' } = await change('createIdentityProvider', settings({ trustedNetworks: [] }))
    const before = setup.identityProvider.requests.length
    const { ok, checks = [] } = await verify(id)
    expect(ok).toBe(false)
    expect(JSON.stringify(checks)).toContain('trustedNetworks')
    expect(setup.identityProvider.requests).toHaveLength(before)
  })

  it('keeps its secret sealed, and shows it to nobody', async () => {
    const secret = 'the-secret-that-is-looked-for'
    const { id = '' } = await change('createIdentityProvider', settings({ clientSecret: secret }))
    const { database } = setup.api.controlPlane
    const rows = await database.transaction(setup.tenant.organizationId, (em) =>
      em.execute('select to_jsonb(provider)::text as row from identity_providers provider'),
    )
    const events = await database.transaction(setup.tenant.organizationId, (em) =>
      em.execute('select to_jsonb(event)::text as row from audit_events event'),
    )
    expect(JSON.stringify(rows)).toContain(id)
    expect(JSON.stringify([rows, events, setup.api.logged])).not.toContain(secret)
  })

  it('that people sign in at is deleted neither while it is enabled nor afterwards', async () => {
    setup.describePerson('somebody', { roles: ['reader'] })
    await setup.signIn('somebody')
    const remove = async () => {
      const { data } = await setup.api.ask(
        setup.tenant.token,
        'mutation ($id: ID!) { deleteIdentityProvider(input: {id: $id}) { ... on Refusal { code } } }',
        { id: setup.providerId },
      )
      return read<Result>(data, 'deleteIdentityProvider')
    }
    expect((await remove()).code).toBe('IDP_ENABLED')
    await enable(setup.api, setup.tenant, setup.providerId, false)
    expect((await remove()).code).toBe('IN_USE')
    await enable(setup.api, setup.tenant, setup.providerId, true)
  })

  it.each([
    ['the role admin for any value', { roleRules: [{ claim: 'roles', value: '*', roleId: 'role_admin' }] }],
    ['Google without a domain', { kind: 'GOOGLE_WORKSPACE' }],
    ['a claim of no token', { teamRules: [{ claim: '__proto__.x', value: '*', team: '*' }] }],
    ['an issuer with a query', { issuer: 'https://id.example.com/?tenant=1' }],
    ['no scope openid', { scopes: ['profile'] }],
    ['a network whose address is none of its own', { trustedNetworks: ['10.0.0.5/8'] }],
    ['an IPv4 network in IPv6 notation', { trustedNetworks: ['::ffff:10.0.0.0/104'] }],
  ])('is not created with %s', async (_what, input) => {
    expect((await change('createIdentityProvider', settings(input))).code).toBe('BAD_USER_INPUT')
  })
})

describe('a verification that fails', () => {
  afterEach(() => {
    setup.identityProvider.behaviour.hangsUpOn = null
  })

  it('of an enabled provider, as while it is away, says so and leaves it enabled', async () => {
    const before = await stateOf(setup.providerId)
    setup.identityProvider.behaviour.hangsUpOn = /./
    expect(await verify(setup.providerId)).toMatchObject({ ok: false })
    expect(await stateOf(setup.providerId)).toEqual(before)
    expect(before).toMatchObject({ enabled: true })
  })

  it('of an enabled one leaves it to be disabled and enabled again, as it was verified with the same settings', async () => {
    const { id = '' } = await change('createIdentityProvider', settings())
    await verify(id)
    await enable(setup.api, setup.tenant, id, true)
    setup.identityProvider.behaviour.hangsUpOn = /./
    expect(await verify(id)).toMatchObject({ ok: false })
    expect(await enable(setup.api, setup.tenant, id, false)).toEqual({ enabled: false })
    expect(await enable(setup.api, setup.tenant, id, true)).toEqual({ enabled: true })
  })

  it('of a disabled one keeps it from being enabled', async () => {
    const { id = '' } = await change('createIdentityProvider', settings())
    await verify(id)
    setup.identityProvider.behaviour.hangsUpOn = /./
    expect(await verify(id)).toMatchObject({ ok: false })
    expect(await enable(setup.api, setup.tenant, id, true)).toEqual({ code: 'IDP_NOT_VERIFIED' })
  })

  it('says nothing of a provider that was changed meanwhile', async () => {
    let meanwhile = async () => {}
    const server = createServer(async (request, response) => {
      await meanwhile()
      response.writeHead(request.url === '/token' ? 400 : 401, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: 'invalid_grant' }))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const urls = { tokenUrl: `${issuer}/token`, userinfoUrl: `${issuer}/userinfo` }
      const endpoints = { ...urls, authorizeUrl: `${issuer}/authorize`, subjectClaim: 'id' }
      const { id = '' } = await change(
        'createIdentityProvider',
        settings({ kind: 'OAUTH2', issuer, endpoints }),
      )
      expect(await verify(id)).toMatchObject({ ok: true })
      const { verifiedAt } = await stateOf(id)
      meanwhile = async () => {
        await change('updateIdentityProvider', { id, createsUsers: false })
        server.closeAllConnections()
      }
      expect(await verify(id)).toMatchObject({ ok: false })
      expect(await stateOf(id)).toEqual({ enabled: false, verifiedAt })
    } finally {
      server.close()
    }
  })
})

describe('the keys of an identity provider', () => {
  const asked = () => setup.identityProvider.requests.filter((one) => one === 'GET /jwks').length

  it('are fetched anew once they are flushed, by every control plane, and not before', async () => {
    setup.describePerson('keyed', { roles: ['reader'] })
    await setup.signIn('keyed')
    const before = asked()
    await setup.signIn('keyed')
    expect(asked()).toBe(before)
    const { services } = setup.api.controlPlane
    const rowNow = () =>
      services.database.transaction(setup.tenant.organizationId, (em) =>
        em.findOneOrFail(IdentityProviderEntity, { id: setup.providerId }),
      )
    // As each control plane keeps them: by the row that it has read last.
    const another = new RelyingParties(services)
    const kept = another.of(await rowNow())
    expect(another.of(await rowNow())).toBe(kept)
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { flushIdentityProviderKeys(input: {id: $id}) { ... on IdentityProvider { enabled keysFlushedAt } } }',
      { id: setup.providerId },
    )
    expect(data?.flushIdentityProviderKeys).toMatchObject({
      enabled: true,
      keysFlushedAt: expect.any(String),
    })
    expect(another.of(await rowNow())).not.toBe(kept)
    await setup.signIn('keyed')
    expect(asked()).toBe(before + 1)
  })
})

describe('what counts as MFA at an identity provider', () => {
  const evidenceOf = async (input: object) => {
    const { id = '' } = await change('createIdentityProvider', settings(input))
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { identityProvider(id: $id) { mfaEvidence { trusted acrValues amr } } }',
      { id },
    )
    return read<{ mfaEvidence: object }>(data, 'identityProvider').mfaEvidence
  }

  it('follows from its kind, unless it is said', async () => {
    expect(await evidenceOf({ kind: 'OKTA' })).toEqual({
      ...{ trusted: false, acrValues: ['urn:okta:loa:2fa:any'], amr: ['mfa'] },
    })
    expect(await evidenceOf({ kind: 'GOOGLE_WORKSPACE', hostedDomain: 'example.com' })).toEqual({
      ...{ trusted: false, acrValues: [], amr: [] },
    })
    expect(await evidenceOf({ mfaEvidence: { acrValues: ['gold'] } })).toEqual({
      ...{ trusted: false, acrValues: ['gold'], amr: [] },
    })
  })

  it.each([
    ['a space', 'a b'],
    ['a quote', 'a"b'],
    ['nothing', ''],
  ])('is no value with %s', async (_what, value) => {
    const input = settings({ mfaEvidence: { amr: [value] } })
    expect((await change('createIdentityProvider', input)).code).toBe('BAD_USER_INPUT')
  })

  it('is not changed by somebody who would lose their own proof', async () => {
    setup.describePerson('prover', { roles: ['gatehouse-admin'], amr: ['mfa'] })
    const { browser } = await setup.signIn('prover')
    const { data } = await setup.ask(
      browser,
      'mutation ($id: ID!) { updateIdentityProvider(input: {id: $id, mfaEvidence: {amr: ["hwk"]}}) { ... on Refusal { code } } }',
      { id: setup.providerId },
    )
    expect(data?.updateIdentityProvider).toEqual({ code: 'MFA_LOCKS_OUT' })
  })
})
