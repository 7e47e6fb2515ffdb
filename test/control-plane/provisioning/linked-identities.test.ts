import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read } from '../api.ts'
import { endsOf, nodesOf, type SignInSetup, startSignIn, viewerQuery } from '../http/signed-in.ts'

let setup: SignInSetup
beforeAll(async () => {
  setup = await startSignIn()
})
afterAll(() => setup.close())

const describePerson: SignInSetup['describePerson'] = (login, claims) => setup.describePerson(login, claims)

async function mutate(field: string, input: object, token = setup.tenant.token) {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await setup.api.ask(
    token,
    `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ... on Refusal { code }
      ... on User { id identities { subject lastSignedInAt identityProvider { id } } } } }`,
    { input },
  )
  if (errors.length > 0) throw new Error(errors[0]?.message)
  return read<Record<string, unknown>>(data, field)
}

async function audited(type: string) {
  const { data } = await setup.api.ask(
    setup.tenant.token,
    'query ($type: String!) { auditEvents(filter: {type: $type}) { edges { node { details } } } }',
    { type },
  )
  return nodesOf<{ details: Record<string, string> }>(data, 'auditEvents').map(({ details }) => details)
}

/** Somebody who signed in once, with an address that another one has too. */
async function twoWithOneAddress(name: string, roles: string[]) {
  const email = `${name}@example.com`
  const first = await setup.signIn(describePerson(name, { roles, email, email_verified: true }))
  const { user } = await setup.viewerOf(first.browser)
  const login = describePerson(`${name}-anew`, { roles: ['reader'], email, email_verified: true })
  const refused = await setup.signIn(login)
  expect(refused.page).toContain('email_taken')
  const [details] = await audited('user.sign_in_refused')
  return { userId: user.id, login, subject: details?.subject ?? '', identityProviderId: setup.providerId }
}

describe('an administrator', () => {
  it('links somebody who was refused for their address, whom the audit log names by subject', async () => {
    const { login, ...link } = await twoWithOneAddress('ann', ['reader'])
    expect(link.subject).not.toBe('')
    const linked = await mutate('linkIdentity', link)
    expect(linked.identities).toMatchObject([
      { lastSignedInAt: expect.any(String) },
      { subject: link.subject, lastSignedInAt: null, identityProvider: { id: link.identityProviderId } },
    ])
    const { browser, status } = await setup.signIn(login)
    expect(status).toBe(200)
    expect((await setup.viewerOf(browser)).user.id).toBe(link.userId)
    const [details] = await audited('user.identity_linked')
    expect(details).toMatchObject({ subject: link.subject, provider: 'okta', severity: 'high' })
  })

  it('links nobody who is another user already', async () => {
    const other = await setup.signIn(describePerson('bob', { roles: ['reader'] }))
    const { user } = await setup.viewerOf(other.browser)
    const [identity] = read<{ identities: { subject: string }[] }>(
      (
        await setup.api.ask(
          setup.tenant.token,
          'query ($id: ID!) { user(id: $id) { identities { subject } } }',
          {
            id: user.id,
          },
        )
      ).data,
      'user',
    ).identities
    const { login: _, ...link } = await twoWithOneAddress('carl', ['reader'])
    expect(await mutate('linkIdentity', { ...link, subject: identity?.subject })).toMatchObject({
      code: 'IDENTITY_TAKEN',
    })
    expect(await mutate('linkIdentity', link)).toMatchObject({ id: link.userId })
    expect(await mutate('linkIdentity', link)).toMatchObject({ id: link.userId })
  })

  it('makes themselves nobody who may do more than they', async () => {
    const { login: _, ...link } = await twoWithOneAddress('dora', ['gatehouse-admin'])
    const permissions = ['identity_providers:update', 'users:update', 'roles:assign', 'users:view']
    const role = await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: CreateRoleInput!) { createRole(input: $input) { ... on Role { id } } }',
      { input: { name: 'linker', permissions } },
    )
    const { id: roleId } = read<{ id: string }>(role.data, 'createRole')
    const issued = await setup.api.ask(
      setup.tenant.token,
      'mutation ($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }',
      { input: { name: 'linker', roleId } },
    )
    const { secret } = read<{ secret: string }>(issued.data, 'issueApiToken')
    expect(await mutate('linkIdentity', link, secret)).toMatchObject({ code: 'RIGHTS_EXCEEDED' })
    expect((await setup.signIn('dora-anew')).page).toContain('email_taken')
  })

  it('parts a user from a subject: their session ends, and what the provider gave goes', async () => {
    const login = describePerson('eve', { roles: ['reader'], groups: ['platform'] })
    const { browser } = await setup.signIn(login)
    const { user } = await setup.viewerOf(browser)
    const asked = await setup.api.ask(
      setup.tenant.token,
      'query ($id: ID!) { user(id: $id) { identities { subject } } }',
      { id: user.id },
    )
    const [identity] = read<{ identities: { subject: string }[] }>(asked.data, 'user').identities
    const link = { userId: user.id, identityProviderId: setup.providerId, subject: identity?.subject }
    expect(await mutate('unlinkIdentity', link)).toMatchObject({ identities: [] })
    expect((await setup.ask(browser, viewerQuery)).status).toBe(401)
    expect(await endsOf(setup, user.id)).toMatchObject([
      {
        actor: { kind: 'api_token' },
        details: { userId: user.id, providerId: setup.providerId, reason: 'unlinked' },
      },
    ])
    const left = await setup.api.controlPlane.database.transaction(setup.tenant.organizationId, (em) =>
      em.execute(
        'select id from memberships where user_id = ? union all select id from role_assignments where user_id = ?',
        [user.id, user.id],
      ),
    )
    expect(left).toEqual([])
    expect(await mutate('unlinkIdentity', link)).toMatchObject({ code: 'NOT_FOUND' })
    const again = await setup.viewerOf((await setup.signIn(login)).browser)
    expect(again.user.id).not.toBe(user.id)
  })
})
