import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openProviderSecrets } from '../../../../control-plane/modules/providers/index.ts'
import { createProvider, createTeam, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const keySelection = '... on ProviderKey { id name weight active credentialId }'
const addKey: Mutation = { field: 'addProviderKey', input: 'AddProviderKeyInput', selection: keySelection }
const rotateKey: Mutation = {
  field: 'rotateProviderKey',
  input: 'RotateProviderKeyInput',
  selection: keySelection,
}
const deleted = { input: 'RevocationInput', selection: '... on Deleted { id }' }
const removeKey: Mutation = { field: 'removeProviderKey', ...deleted }
const deleteProvider: Mutation = { field: 'deleteProvider', ...deleted }
const updateProvider: Mutation = {
  field: 'updateProvider',
  input: 'UpdateProviderInput',
  selection: '... on Provider { id name baseUrl active }',
}
const issueKey: Mutation = {
  field: 'issueVirtualKey',
  input: 'IssueVirtualKeyInput',
  selection: '... on IssuedVirtualKey { virtualKey { id } }',
}

let context: TenantApi
beforeAll(async () => {
  context = await startTenantApi()
})
afterAll(() => context.close())

const newProvider = (name: string) => ({ name, baseUrl: 'https://api.example.com/v1' })

function openSecrets() {
  const { database, services } = context.api.controlPlane
  const { organizationId } = context.tenant
  return database.transaction(organizationId, (em) =>
    openProviderSecrets(em, services.secrets, organizationId),
  )
}

describe('providers', () => {
  it('are told to data planes as they are created, changed and deleted', async () => {
    const { id } = await context.mutate(createProvider, newProvider('told'))
    const find = async () => (await context.configured('provider')).find((provider) => provider.id === id)
    expect(await find()).toMatchObject({ name: 'told', baseUrl: 'https://api.example.com/v1', active: true })
    await context.mutate(updateProvider, { id, active: false })
    expect(await find()).toMatchObject({ name: 'told', active: false })
    expect(await context.audited('provider.updated')).toMatchObject({
      before: { active: true },
      after: { active: false },
    })
    await context.mutate(deleteProvider, { id })
    expect(await find()).toBeUndefined()
  })

  it('have names that a call can put before a slash, each once', async () => {
    await context.mutate(createProvider, newProvider('once'))
    expect(await context.mutate(createProvider, newProvider('once'))).toMatchObject({ code: 'NAME_TAKEN' })
    expect(await context.refusal(createProvider, newProvider('a/b'))).toMatch(/^name: must begin with/)
  })

  it('a base URL that was allowed stays allowed only while its permission does', async () => {
    const local = { name: 'local', baseUrl: 'http://127.0.0.1:9/v1', allowPrivateNetwork: true }
    const { id } = await context.mutate(createProvider, local)
    expect(await context.refusal(updateProvider, { id, allowPrivateNetwork: false })).toMatch(/^baseUrl: /)
  })
})

describe('provider keys', () => {
  it('a secret is stored sealed, shown nowhere, and opened only for the data planes', async () => {
    const { id: providerId } = await context.mutate(createProvider, newProvider('sealed'))
    const secret = 'sk-canary-0123456789abcdef'
    const key = await context.mutate(addKey, { providerId, name: 'main', secret })
    expect(JSON.stringify(key)).not.toContain('canary')
    expect(await openSecrets()).toMatchObject({ [String(key.credentialId)]: secret })
    const stored = await context.api.controlPlane.database.transaction(context.tenant.organizationId, (em) =>
      em.execute(`select to_jsonb(k)::text from provider_keys k
        union all select document::text from config_entities
        union all select changes::text from config_revisions union all select details::text from audit_events`),
    )
    expect(JSON.stringify(stored)).not.toContain('canary')
    expect(context.api.logged.join()).not.toContain('canary')
  })

  it('a rotation keeps the key and gives its new secret a new credential id', async () => {
    const { id: providerId } = await context.mutate(createProvider, newProvider('rotating'))
    const before = await context.mutate(addKey, { providerId, name: 'main', secret: 'old' })
    const after = await context.mutate(rotateKey, { id: before.id, secret: 'new' })
    expect(after.id).toBe(before.id)
    expect(after.credentialId).not.toBe(before.credentialId)
    const secrets = await openSecrets()
    expect(secrets[String(after.credentialId)]).toBe('new')
    expect(secrets[String(before.credentialId)]).toBeUndefined()
  })

  it('a secret that cannot stand in a header is refused without repeating it', async () => {
    const { id: providerId } = await context.mutate(createProvider, newProvider('strict'))
    const answer = await context.refusal(addKey, { providerId, name: 'main', secret: 'sk-canary\r\nx: y' })
    expect(answer).toMatch(/^secret: /)
    expect(answer).not.toContain('canary')
  })

  it('what a virtual key names is not removed under it', async () => {
    const { id: providerId } = await context.mutate(createProvider, newProvider('used'))
    const key = await context.mutate(addKey, { providerId, name: 'main', secret: 'secret' })
    const { workspaceId } = context.tenant
    const team = await context.mutate(createTeam, { workspaceId, name: 'users of it' })
    await context.mutate(issueKey, {
      workspaceId,
      name: 'app',
      owner: { teamId: team.id },
      providerConfigs: [{ providerId, allowedModels: ['*'], providerKeyIds: [key.id] }],
    })
    expect(await context.mutate(removeKey, { id: key.id })).toMatchObject({ code: 'IN_USE' })
    expect(await context.mutate(deleteProvider, { id: providerId })).toMatchObject({ code: 'IN_USE' })
    expect((await context.configured('provider_key')).map(({ id }) => id)).toContain(key.id)
  })
})
