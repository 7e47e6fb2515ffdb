import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  IdentityProviderEntity,
  RelyingParties,
} from '../../../../control-plane/modules/identity-providers/index.ts'
import { read } from '../../api.ts'
import { createUnits } from '../../business-units.ts'
import { enable, type SignInSetup, startSignIn } from '../../http/signed-in.ts'

let setup: SignInSetup

beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())

interface Result {
  readonly id?: string
  readonly code?: string
  readonly message?: string
  readonly enabled?: boolean
  readonly verifiedAt?: string | null
  readonly ok?: boolean
  readonly checks?: readonly { name: string; ok: boolean; message: string }[]
}

/** @returns what the mutation did, or the code of its refusal */
async function change(
  mutation: string,
  input: object,
  selection = '... on IdentityProvider { id enabled verifiedAt }',
  token = setup.tenant.token,
): Promise<Result> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} ... on Refusal { code message } } }`
  const { data, errors } = await setup.api.ask(token, document, { input })
  const [error] = errors
  return error
    ? { code: String(error.extensions.code), message: error.message }
    : read<Result>(data, mutation)
}

async function verify(id: string): Promise<Result> {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    `mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) {
      ... on IdentityProviderVerification { ok checks { name ok message } } } }`,
    { id },
  )
  return read(data, 'verifyIdentityProvider')
}

let count = 0
function settings(more: object = {}): object {
  const { issuer, clientId, clientSecret } = setup.identityProvider
  const name = `provider-${++count}`
  return { name, kind: 'OIDC', issuer, clientId, clientSecret, trustedNetworks: ['127.0.0.0/8'], ...more }
}

/** A token of a role with these permissions and no other. */
async function tokenWith(permissions: readonly string[]): Promise<string> {
  const role = await change('createRole', { name: `role ${++count}`, permissions }, '... on Role { id }')
  const token = await setup.api.ask(
    setup.tenant.token,
    `mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`,
    { input: { name: 'limited', roleId: role.id } },
  )
  return read<{ secret: string }>(token.data, 'issueApiToken').secret
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

describe('the business unit rules of an identity provider', () => {
  const rule = (more: object) => ({ claim: 'department', value: '*', ...more })
  const create = (...businessUnitRules: object[]) =>
    change('createIdentityProvider', settings({ businessUnitRules }))

  it('name a business unit, or a customer among whose own the claim names one', async () => {
    const { customerId, ids } = await createUnits(setup.api, setup.tenant, 'Named', ['Research'])
    const [businessUnitId = ''] = ids
    const { id = '' } = await create(rule({ businessUnitId }), rule({ customerId }))
    const { data } = await setup.api.ask(
      setup.tenant.token,
      `query ($id: ID!) { identityProvider(id: $id) {
        businessUnitRules { claim value businessUnit { name } customer { name } } } }`,
      { id },
    )
    expect(data?.identityProvider).toEqual({
      businessUnitRules: [
        rule({ businessUnit: { name: 'Research' }, customer: null }),
        rule({ businessUnit: null, customer: { name: 'Named' } }),
      ],
    })
    const { details } = await setup.api.controlPlane.database.transaction(
      setup.tenant.organizationId,
      async (em) => {
        const [event] = await em.execute<{ details: Record<string, unknown> }[]>(
          `select details from audit_events where subject_id = ? and type = 'identity_provider.created'`,
          [id],
        )
        return event ?? { details: {} }
      },
    )
    expect(details.businessUnitRules).toEqual([
      rule({ businessUnitId, customerId: null }),
      rule({ businessUnitId: null, customerId }),
    ])
  })

  it('are refused where they name both or neither, one twice, no claim, or too many', async () => {
    const { customerId, ids } = await createUnits(setup.api, setup.tenant, 'Refused', ['Research'])
    const [businessUnitId = ''] = ids
    const many = Array.from({ length: 201 }, (_, at) => rule({ value: `${at}`, customerId }))
    for (const rules of [
      [rule({})],
      [rule({ businessUnitId, customerId })],
      [rule({ customerId }), rule({ customerId, businessUnitId: null })],
      [rule({ customerId, claim: '__proto__.x' })],
      [rule({ customerId, value: 'x'.repeat(257) })],
      many,
    ]) {
      const { code, message } = await create(...rules)
      expect([code, message]).toEqual(['BAD_USER_INPUT', expect.stringContaining('businessUnitRules')])
    }
    expect((await create(...many.slice(1))).id).toMatch(/^idp_/)
  })

  it('name nothing that there is not, nor what another organization has', async () => {
    const other = await setup.api.createTenant('Elsewhere')
    const { customerId, ids } = await createUnits(setup.api, other, 'Theirs', ['Their unit'])
    const refused = async (more: object) => (await create(rule(more))).message
    expect(await refused({ businessUnitId: ids[0] })).toBe(`There is no business unit "${ids[0]}"`)
    expect(await refused({ customerId })).toBe(`There is no customer "${customerId}"`)
    expect(await refused({ businessUnitId: customerId })).toBe(`There is no business unit "${customerId}"`)
  })

  it('are no hindrance to other changes when what they name was deleted', async () => {
    const { ids } = await createUnits(setup.api, setup.tenant, 'Passing', ['Passing unit'])
    const [businessUnitId = ''] = ids
    const { id = '' } = await create(rule({ businessUnitId }))
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'mutation ($id: ID!) { deleteBusinessUnit(input: {id: $id}) { __typename } }',
      { id: businessUnitId },
    )
    expect(data?.deleteBusinessUnit).toEqual({ __typename: 'Deleted' })
    expect((await change('updateIdentityProvider', { id, createsUsers: false })).id).toBe(id)
  })

  it('are written by nobody who may put no user into a business unit themselves', async () => {
    const { customerId } = await createUnits(setup.api, setup.tenant, 'Guarded', [])
    const permissions = ['identity_providers:view', 'identity_providers:create', 'users:create']
    const given = settings({ businessUnitRules: [rule({ customerId })] })
    const as = async (token: string) =>
      (await change('createIdentityProvider', given, '... on IdentityProvider { id }', token)).code
    expect(await as(await tokenWith([...permissions, 'customers:view']))).toBe('FORBIDDEN')
    const mayPlace = await tokenWith([...permissions, 'customers:view', 'users:update'])
    expect(await as(mayPlace)).toBeUndefined()
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

describe('nobody gets more rights by an identity provider than they have', () => {
  const admin = [{ claim: 'roles', value: 'x', roleId: 'role_admin' }]
  const own = [
    'identity_providers:view',
    'identity_providers:create',
    'identity_providers:update',
    'users:create',
  ]

  it('by a rule of theirs', async () => {
    const without = await tokenWith(own)
    const selection = '... on IdentityProvider { id }'
    expect(
      (await change('createIdentityProvider', settings({ roleRules: admin }), selection, without)).code,
    ).toBe('FORBIDDEN')
    const withAssign = await tokenWith([...own, 'roles:assign'])
    expect(
      (await change('createIdentityProvider', settings({ roleRules: admin }), selection, withAssign)).code,
    ).toBe('RIGHTS_EXCEEDED')
    expect(
      (
        await change(
          'createIdentityProvider',
          settings({ defaultRoleId: 'role_viewer' }),
          selection,
          withAssign,
        )
      ).code,
    ).toBe('RIGHTS_EXCEEDED')
    expect((await change('createIdentityProvider', settings(), selection, withAssign)).id).toMatch(/^idp_/)
  })

  it('by another client, or other people, under the rules of somebody who has more', async () => {
    const { id = '' } = await change('createIdentityProvider', settings({ roleRules: admin }))
    const token = await tokenWith([...own, 'roles:assign'])
    const selection = '... on IdentityProvider { id }'
    for (const input of [{ clientId: 'mine' }, { clientSecret: 'mine' }, { createsUsers: true }]) {
      expect((await change('updateIdentityProvider', { id, ...input }, selection, token)).code).toBe(
        'RIGHTS_EXCEEDED',
      )
    }
  })

  it('by a directory of theirs', async () => {
    const okta = settings({ kind: 'OKTA', roleRules: admin })
    const { id: identityProviderId } = await change('createIdentityProvider', okta)
    const [input, selection] = [{ identityProviderId, secret: 'mine' }, '... on IdentityProvider { id }']
    const token = await tokenWith([...own, 'roles:assign'])
    expect((await change('setDirectory', input, selection, token)).code).toBe('RIGHTS_EXCEEDED')
    expect((await change('setDirectory', input)).id).toBe(identityProviderId)
  })

  it('by endpoints of theirs, which could say of anybody that it is somebody who has more', async () => {
    const at = (host: string) => {
      const urls = { authorizeUrl: `https://${host}/authorize`, tokenUrl: `https://${host}/token` }
      return { endpoints: { ...urls, userinfoUrl: `https://${host}/user`, subjectClaim: 'id' } }
    }
    const input = settings({ kind: 'OAUTH2', ...at('id.example') })
    const { id = '' } = await change('createIdentityProvider', input)
    const update = async (by: string, changed: object) => {
      const selection = '... on IdentityProvider { id }'
      const result = await change('updateIdentityProvider', { id, ...changed }, selection, by)
      return result.code ?? result.id
    }
    const [without, withAssign] = [await tokenWith(own), await tokenWith([...own, 'roles:assign'])]
    expect(await update(without, at('mine.example'))).toBe(id)
    const { browser } = await setup.signIn(setup.describePerson('boss', { roles: ['gatehouse-admin'] }))
    const { user } = await setup.viewerOf(browser)
    const link = { userId: user.id, identityProviderId: id, subject: '1' }
    expect((await change('linkIdentity', link, '... on User { id }')).id).toBe(user.id)
    expect(await update(without, at('evil.example'))).toBe('FORBIDDEN')
    expect(await update(withAssign, at('evil.example'))).toBe('RIGHTS_EXCEEDED')
    expect(await update(without, { clientSecret: 'another secret' })).toBe(id)
  })
})
