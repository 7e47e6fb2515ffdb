import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../../api.ts'
import { createUnits } from '../../business-units.ts'
import { type SignInSetup, startSignIn } from '../../http/signed-in.ts'
import { type ProviderApi, providerApi } from './provider-api.ts'

let setup: SignInSetup
let change: ProviderApi['change']
let settings: ProviderApi['settings']
let tokenWith: ProviderApi['tokenWith']

beforeAll(async () => {
  setup = await startSignIn()
  ;({ change, settings, tokenWith } = providerApi(setup.api, setup.tenant, setup.identityProvider))
})
afterAll(() => setup.close())

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
      const endpoints = { ...urls, userinfoUrl: `https://${host}/user`, subjectClaim: 'id' }
      return { endpoints, clientSecret: `a secret for ${host}` }
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

describe('what anybody can get makes nobody an administrator', () => {
  const anybody = (roleId: string) => ({ roleRules: [{ claim: 'roles', value: '*', roleId }] })
  const byDefault = (defaultRoleId: string) => ({ defaultRoleId })
  const role = async (name: string, input: object) =>
    (await change('createRole', { name, permissions: [], ...input }, '... on Role { id }')).id ?? ''
  const create = async (rules: object) => {
    const { code, message, id } = await change('createIdentityProvider', settings(rules))
    return id === undefined ? [code, message?.split(':')[0]] : 'created'
  }

  it('by whatever name, and all else may be given', async () => {
    const heir = await role('heir', { inheritedRoleIds: ['role_admin'] })
    const second = await role('second heir', { inheritedRoleIds: [heir] })
    const everything = await role('everything', { permissions: ['*'] })
    for (const roleId of ['role_admin', heir, second, everything]) {
      expect(await create(anybody(roleId))).toEqual(['BAD_USER_INPUT', 'roleRules'])
      expect(await create(byDefault(roleId))).toEqual(['BAD_USER_INPUT', 'defaultRoleId'])
    }
    const named = [{ claim: 'roles', value: 'heirs', roleId: heir }]
    expect(await create({ roleRules: named })).toBe('created')
    const reader = await role('reader', { inheritedRoleIds: ['role_viewer'] })
    expect(await create(anybody(reader))).toBe('created')
    for (const roleId of [reader, 'role_viewer', 'role_developer'])
      expect(await create(byDefault(roleId))).toBe('created')
  })

  it.each([
    ['*', anybody],
    ['the default role', byDefault],
  ])('when the role of %s has come to inherit from one of them: it gives nothing', async (what, rules) => {
    const id = await role(`growing ${what}`, { permissions: ['teams:view'] })
    const { roleRules, defaultRoleId } = await rulesNow()
    const login = setup.describePerson(`anybody by ${what}`, { roles: ['whatever'] })
    try {
      await change('updateIdentityProvider', { id: setup.providerId, ...rules(id) })
      expect((await setup.signIn(login)).status).toBe(200)
      await change('updateRole', { id, inheritedRoleIds: ['role_admin'] }, '... on Role { id }')
      const { page } = await setup.signIn(login)
      expect(page).toContain('user_not_authorized')
    } finally {
      await change('updateIdentityProvider', { id: setup.providerId, roleRules, defaultRoleId })
    }
  })

  /** As its input says them. */
  async function rulesNow() {
    const { data } = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { identityProvider(id: $id) { roleRules { claim value role { id } } defaultRole { id } } }',
      { id: setup.providerId },
    )
    const { roleRules, defaultRole } = read<{
      roleRules: { claim: string; value: string; role: { id: string } }[]
      defaultRole: { id: string } | null
    }>(data, 'identityProvider')
    return {
      roleRules: roleRules.map(({ role, ...rule }) => ({ ...rule, roleId: role.id })),
      defaultRoleId: defaultRole?.id ?? null,
    }
  }
})
