import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DirectoryServer,
  startDirectoryServer,
} from '../../../environment/directories/directory-server.ts'
import { oktaApi } from '../../../environment/directories/okta.ts'
import { read, startApi, type Tenant, type TestApi } from '../../api.ts'

const secret = 'an-api-token-that-nobody-is-shown'
let api: TestApi
let tenant: Tenant
let directory: DirectoryServer

beforeAll(async () => {
  api = await startApi({ directoryIntervalMs: 86_400_000 })
  tenant = await api.createTenant('Acme')
  directory = await startDirectoryServer(oktaApi(secret))
})
afterAll(async () => {
  await api.close()
  await directory.close()
})

let count = 0

async function createProvider(kind: string): Promise<string> {
  count += 1
  const input = {
    ...{ name: `idp-${count}`, kind, issuer: directory.url, clientId: 'gatehouse', clientSecret: 'a-secret' },
    ...{
      trustedNetworks: ['127.0.0.0/8'],
      ...(kind === 'GOOGLE_WORKSPACE' && { hostedDomain: 'example.com' }),
    },
  }
  const { data } = await api.ask(
    tenant.token,
    `mutation ($input: CreateIdentityProviderInput!) { createIdentityProvider(input: $input) { ... on IdentityProvider { id } } }`,
    { input },
  )
  return read<{ id: string }>(data, 'createIdentityProvider').id
}

async function setDirectory(identityProviderId: string, input: object = {}) {
  const { data, errors } = await api.ask(
    tenant.token,
    `mutation ($input: SetDirectoryInput!) { setDirectory(input: $input) {
      __typename ... on IdentityProvider { directory { url groupPrefix reconcileEnabled importsUsers } } ... on Refusal { code } } }`,
    { input: { identityProviderId, ...input } },
  )
  return errors[0]?.message ?? data?.setDirectory
}

async function checkOf(id: string) {
  const { data } = await api.ask(
    tenant.token,
    `mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) { ... on IdentityProviderVerification { checks { name ok message } } } }`,
    { id },
  )
  const { checks } = read<{ checks: { name: string; ok: boolean; message: string }[] }>(
    data,
    'verifyIdentityProvider',
  )
  return checks.find(({ name }) => name === 'DIRECTORY')
}

describe('a directory', () => {
  it('is tried by verifyIdentityProvider, or said to be none', async () => {
    const id = await createProvider('OKTA')
    expect(await checkOf(id)).toMatchObject({ ok: true, message: expect.stringContaining('Not tried') })
    await setDirectory(id, { secret })
    expect(await checkOf(id)).toMatchObject({ ok: false, message: expect.stringContaining('nobody') })
    directory.people.set('ann', { name: 'Ann', email: 'ann@example.com', active: true })
    expect(await checkOf(id)).toMatchObject({ ok: true, message: expect.stringContaining('1 people') })
    await setDirectory(id, { secret: 'another-one' })
    expect(await checkOf(id)).toMatchObject({ ok: false, message: expect.stringContaining('401') })
  })

  it('keeps its secret from answers, audit events and plain columns', async () => {
    const id = await createProvider('OKTA')
    const answer = await setDirectory(id, { secret })
    const { database } = api.controlPlane
    const stored = await database.transaction(tenant.organizationId, async (em) => [
      await em.execute('select * from identity_providers where id = ?', [id]),
      await em.execute('select * from audit_events'),
    ])
    expect(JSON.stringify([answer, stored, api.logged])).not.toContain(secret)
  })

  it('sends its secret nowhere but where whoever gave it wanted', async () => {
    const id = await createProvider('OKTA')
    expect(await setDirectory(id)).toContain('is needed to ask this directory')
    await setDirectory(id, { secret })
    expect(await setDirectory(id, { groupPrefix: 'g-' })).toMatchObject({ directory: { groupPrefix: 'g-' } })
    expect(await setDirectory(id, { url: 'https://elsewhere.example' })).toContain('must be given anew')
    expect(await setDirectory(id, { url: 'https://elsewhere.example', secret })).toMatchObject({
      directory: { url: 'https://elsewhere.example', reconcileEnabled: true, importsUsers: false },
    })
    const keycloak = await createProvider('KEYCLOAK')
    expect(await setDirectory(keycloak)).toMatchObject({ directory: { url: null } })
    expect(await setDirectory(keycloak, { url: 'https://elsewhere.example' })).toContain('must be given anew')
    expect(await setDirectory(keycloak, { clientId: 'other' })).toContain('is needed')
  })

  it('is asked of the kinds that have one, with what each needs', async () => {
    expect(await setDirectory(await createProvider('OIDC'), { secret })).toContain('cannot be asked')
    const google = await createProvider('GOOGLE_WORKSPACE')
    expect(await setDirectory(google, { secret: '{}' })).toContain('adminEmail')
    expect(await setDirectory(google, { adminEmail: 'a@example.com', secret: '{}' })).toContain(
      'service account',
    )
  })
})
