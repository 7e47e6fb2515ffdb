import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allPermissions } from '../../../../contract/permissions.ts'
import { systemActor } from '../../../../control-plane/actor.ts'
import { issueAdminToken } from '../../../../control-plane/bootstrap.ts'
import { updateClientConfiguration } from '../../../../control-plane/modules/client-configuration/service.ts'
import { authenticatorCode } from '../../../environment/authenticator.ts'
import type { Browser } from '../../../environment/browser.ts'
import { read, startApi, type TestApi } from '../../api.ts'
import { enable, type SignInPlace, startProvider } from '../../http/signed-in.ts'

let api: TestApi
let place: SignInPlace
let admin: Browser
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())
afterEach(() => place.identityProvider.close())

/** An organization whose only administrator has signed in, and which has revoked its token. */
beforeEach(async () => {
  const tenant = await api.createTenant('Acme')
  place = await startProvider(api, tenant)
  admin = (await place.signIn(place.describePerson('ada', { roles: ['gatehouse-admin'] }))).browser
  await run('update api_tokens set revoked_at = now()')
})

const restricted = allPermissions.filter((permission) => permission !== 'audit_logs:download')
const refused = { code: 'LAST_GRANT', message: expect.stringContaining('"audit_logs:download"') }

const run = (sql: string) =>
  api.controlPlane.database.transaction(place.tenant.organizationId, (em) => em.execute(sql))

const selections: Readonly<Record<string, string>> = {
  grantBreakGlass: '... on GrantedBreakGlass { enrolmentSecret }',
  issueApiToken: '... on IssuedApiToken { secret }',
}

async function mutate(field: string, input: object): Promise<Record<string, unknown>> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const selection = `${selections[field] ?? '... on Node { id }'} ... on Refusal { code message }`
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) { ${selection} } }`
  const { data, errors } = await place.ask(admin, document, { input })
  if (!data) throw new Error(errors[0]?.message)
  return read(data, field)
}

const restrict = (id: unknown = 'role_admin', permissions: readonly string[] = restricted) =>
  mutate('updateRole', { id, permissions })

const issueToken = () => issueAdminToken(api.controlPlane.database, place.tenant.organizationId, 'new')

async function restrictBy(token: string): Promise<Record<string, unknown>> {
  const document = `mutation ($input: UpdateRoleInput!) { updateRole(input: $input) {
    ... on Role { id } ... on Refusal { code message } } }`
  const input = { id: 'role_admin', permissions: restricted }
  const { data } = await api.ask(token, document, { input })
  return read(data, 'updateRole')
}

async function createOwner(): Promise<unknown> {
  return (await mutate('createRole', { name: 'Owner', permissions: ['*'] })).id
}

async function signInAsViewer(login: string): Promise<string> {
  const { browser } = await place.signIn(place.describePerson(login, { roles: ['reader'] }))
  return (await place.viewerOf(browser)).user.id
}

const accept = (...acceptedCredentials: ('API_TOKEN' | 'JWT' | 'SESSION')[]) =>
  updateClientConfiguration(api.controlPlane.services, systemActor(place.tenant.organizationId), {
    acceptedCredentials,
  })

describe('what somebody who signs in could give back', () => {
  it('is not taken from the only one, though there is no token', async () => {
    expect(await restrict()).toMatchObject(refused)
    expect(await restrict('role_admin', [])).toMatchObject({ code: 'LAST_GRANT' })
    expect((await place.viewerOf(admin)).permissions).toEqual([...allPermissions].sort())
  })

  it('may go once another role has it, of somebody else who can sign in and keeps it', async () => {
    const roleId = await createOwner()
    const userId = await signInAsViewer('olga')
    await mutate('assignRole', { userId, roleId, expiresAt: new Date(Date.now() + 3_600_000) })
    expect(await restrict()).toMatchObject(refused)
    await mutate('assignRole', { userId, roleId })
    await run(`update user_identities set decommissioned_at = now() where user_id = '${userId}'`)
    expect(await restrict()).toMatchObject(refused)
    await run('update user_identities set decommissioned_at = null')
    expect((await restrict()).code).toBeUndefined()
    expect(await restrict(roleId)).toMatchObject(refused)
  })

  it('is not with somebody who acts on their own rows alone, whatever else they have', async () => {
    const roleId = await createOwner()
    const { id: own } = await mutate('createRole', { name: 'Own', permissions: ['*'], rowScope: 'OWN' })
    const userId = await signInAsViewer('olga')
    await mutate('assignRole', { userId, roleId: own })
    await mutate('updateRole', { id: roleId, permissions: ['audit_logs:download'] })
    await mutate('assignRole', { userId, roleId })
    expect(await restrict()).toMatchObject(refused)
  })
})

describe('by the ways in that the organization accepts', () => {
  it('a token that it does not accept keeps nothing', async () => {
    const { secret } = await mutate('issueApiToken', { name: 'all', roleId: await createOwner() })
    expect(secret).toBeDefined()
    await accept('SESSION')
    expect(await restrict()).toMatchObject(refused)
    await accept('SESSION', 'API_TOKEN')
    expect((await restrict()).code).toBeUndefined()
  })

  it('a session that it does not accept keeps nothing, nor does a disabled provider', async () => {
    const roleId = await createOwner()
    const userId = await signInAsViewer('olga')
    await mutate('assignRole', { userId, roleId })
    const token = await issueToken()
    await accept('API_TOKEN')
    expect(await restrictBy(token)).toMatchObject(refused)
    await accept('API_TOKEN', 'SESSION')
    const tenant = { ...place.tenant, token }
    await enable(api, tenant, place.providerId, false)
    expect(await restrictBy(token)).toMatchObject(refused)
    await enable(api, tenant, place.providerId, true)
    expect((await restrictBy(token)).code).toBeUndefined()
  })

  it('tokens of a JWT provider keep it while they open the control plane', async () => {
    const roleId = await createOwner()
    const userId = await signInAsViewer('olga')
    await mutate('assignRole', { userId, roleId })
    const { id } = await mutate('createJwtProvider', {
      ...{ name: 'tokens', issuer: 'https://tokens.example', identityProviderId: place.providerId },
      ...{ audiences: ['api://gatehouse'], algorithm: 'HS256', opensControlPlane: true },
      secret: 'a secret of forty characters, and random',
    })
    const token = await issueToken()
    await accept('API_TOKEN', 'JWT')
    expect(await restrictBy(token)).toMatchObject(refused)
    await accept('SESSION')
    await mutate('setJwtProviderEnabled', { id, enabled: true })
    await accept('API_TOKEN')
    expect(await restrictBy(token)).toMatchObject(refused)
    await accept('API_TOKEN', 'JWT')
    expect((await restrictBy(token)).code).toBeUndefined()
  })

  it('a local password keeps it, once its user has enrolled', async () => {
    const roleId = await createOwner()
    const userId = await signInAsViewer('olga')
    await mutate('assignRole', { userId, roleId })
    // Nobody lets them in but their password.
    await run(`delete from user_identities where user_id = '${userId}'`)
    const { enrolmentSecret } = await mutate('grantBreakGlass', { userId })
    expect(await restrict()).toMatchObject(refused)
    const post = (path: string, body: object) =>
      fetch(`${api.controlPlane.url}/auth/break-glass/enrolment${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: api.controlPlane.url },
        body: JSON.stringify({ enrolmentSecret, ...body }),
      })
    const { totpUri } = (await (await post('', { password: 'correct horse battery' })).json()) as {
      totpUri: string
    }
    await post('/confirmation', { code: authenticatorCode(totpUri, Date.now()) })
    expect((await restrict()).code).toBeUndefined()
  })
})

it('a token that soon ends does not stand in for whoever keeps a permission for good', async () => {
  const roleId = await createOwner()
  await mutate('issueApiToken', { name: 'all', roleId, expiresAt: new Date(Date.now() + 3_600_000) })
  expect(await restrict()).toMatchObject(refused)
})
