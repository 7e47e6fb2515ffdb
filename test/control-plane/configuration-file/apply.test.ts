import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../contract/canonical.ts'
import { systemActor } from '../../../control-plane/actor.ts'
import { applyConfiguration } from '../../../control-plane/configuration-file/apply.ts'
import { startTenantApi, type TenantApi } from '../modules/tenant-api.ts'
import { largeFile, sampleFile } from './files.ts'

interface Change {
  readonly action: string
  readonly kind: string
  readonly name: string
  readonly fields: readonly { readonly field: string; readonly before: Json; readonly after: Json }[]
}

interface Answer {
  readonly __typename: string
  readonly changes: readonly Change[]
  readonly issuedKeys: readonly { readonly name: string; readonly secret: string }[]
  readonly warnings: readonly string[]
  readonly revision: number
  readonly problems: readonly { readonly path: string; readonly message: string }[]
}

const mutation = `mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
  __typename
  ... on AppliedConfiguration {
    changes { action kind name fields { field before after } } issuedKeys { name secret } warnings revision
  }
  ... on ConfigurationFileInvalid { problems { path message } }
  ... on ConfigurationMoved { message }
} }`

const secrets = [{ name: 'OPENAI_API_KEY', value: 'sk-test-first-secret' }]

let tenant: TenantApi

async function apply(document: object, input: object = {}): Promise<Answer> {
  const answer = await tenant.query<{ applyConfiguration: Answer }>(mutation, {
    input: { document, secrets, ...input },
  })
  return answer.applyConfiguration
}

async function revision(): Promise<number> {
  const { configuration } = await tenant.query<{ configuration: { revision: number } }>(
    '{ configuration { revision } }',
  )
  return configuration.revision
}

const told = ({ changes }: Answer) => changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)

beforeAll(async () => {
  tenant = await startTenantApi()
})
afterAll(() => tenant.close())

describe('applyConfiguration', () => {
  it('makes everything in one revision, and a second time nothing', async () => {
    const before = await revision()
    const first = await apply(sampleFile)
    expect(told(first)).toEqual([
      'CREATE customer default/Acme',
      'CREATE business_unit default/Acme/Research',
      'CREATE team default/Assistants',
      'CREATE user ada@example.com',
      'CREATE provider openai',
      'CREATE provider_key openai/main',
      'CREATE model openai/small',
      'CREATE access_profile analysts',
      'CREATE role Analyst',
      'CREATE role Lead',
      'CREATE virtual_key default/reports',
      'CREATE virtual_key default/checkout',
      'CREATE budget customer/default/Acme/MONTH',
      'CREATE budget provider_config/default/checkout/openai/DAY',
      'CREATE request_limit virtual_key/default/checkout/60',
      'UPDATE client_configuration ',
    ])
    expect(first.issuedKeys).toMatchObject([
      { name: 'default/reports' },
      { name: 'default/checkout', secret: expect.stringMatching(/^sk-gh-/) },
    ])
    expect(first.revision).toBe(before + 1)
    expect(await revision()).toBe(before + 1)

    const second = await apply(sampleFile)
    expect(second).toMatchObject({ changes: [], issuedKeys: [], warnings: [], revision: before + 1 })
    expect(await revision()).toBe(before + 1)
  })

  it('a dry run tells the same and changes nothing', async () => {
    const before = await revision()
    const wanted = { ...sampleFile, customers: [{ name: 'Umbrella' }] }
    const tried = await apply(wanted, { dryRun: true })
    expect(told(tried)).toEqual(['CREATE customer default/Umbrella'])
    expect(await revision()).toBe(before)
    expect(told(await apply(wanted, { dryRun: true }))).toEqual(told(tried))
  })

  it('a change is told as old and new of each field', async () => {
    const [provider] = sampleFile.providers
    const [model] = provider.models
    const prices = { ...model.prices, inputUsdPerMillionTokens: 0.2 }
    const changed = {
      version: 1,
      customers: [{ name: 'Acme', budgets: [{ limitUsd: 300, period: 'MONTH' }] }],
      users: [
        {
          ...{ name: 'Ada Lovelace', email: 'ada@example.com', active: false },
          access: { deniedModels: ['gpt-4o'] },
        },
      ],
      providers: [{ ...provider, idleTimeoutMs: 5_000, models: [{ ...model, prices }] }],
    }
    const { changes } = await apply(changed)
    const fields = changes.flatMap(({ kind, fields }) => fields.map((field) => ({ kind, ...field })))
    expect(fields).toEqual([
      { kind: 'user', field: 'name', before: 'Ada', after: 'Ada Lovelace' },
      { kind: 'user', field: 'active', before: true, after: false },
      {
        ...{ kind: 'user', field: 'access.deniedModels' },
        ...{ before: ['regex:o1.*', 'gpt-4o'], after: ['gpt-4o'] },
      },
      { kind: 'provider', field: 'idleTimeoutMs', before: 120_000, after: 5_000 },
      {
        kind: 'model',
        field: 'prices',
        before: {
          inputUsdPerMillionTokens: 0.15,
          cachedInputUsdPerMillionTokens: 0.15,
          outputUsdPerMillionTokens: 0.6,
          imageUsd: 0,
        },
        after: {
          inputUsdPerMillionTokens: 0.2,
          cachedInputUsdPerMillionTokens: 0.2,
          outputUsdPerMillionTokens: 0.6,
          imageUsd: 0,
        },
      },
      { kind: 'budget', field: 'limitUsd', before: 250.5, after: 300 },
    ])
    expect(told(await apply(changed))).toEqual([])
  })

  it('a new provider secret is a rotation, and neither secret is told', async () => {
    const rotated = await apply(sampleFile, {
      secrets: [{ name: 'OPENAI_API_KEY', value: 'sk-test-second-secret' }],
      dryRun: true,
    })
    expect(told(rotated)).toContain('UPDATE provider_key openai/main')
    expect(JSON.stringify(rotated)).not.toContain('sk-test')
    const kept = await apply(sampleFile, { secrets: [], dryRun: true })
    expect(told(kept)).not.toContain('UPDATE provider_key openai/main')
    expect(kept.warnings).toEqual([
      'OPENAI_API_KEY is not set: the provider key "main" keeps the secret that it has',
    ])
  })

  it('a broken file names every mistake and changes nothing', async () => {
    const before = await revision()
    const { problems } = await apply({
      version: 1,
      customers: [{ name: 'New' }, { name: 'Other', budget: {} }],
      virtualKeys: [{ name: 'x', owner: { team: 'a', user: 'b' }, allowed_keys: [] }],
      spending: {},
    })
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      '/customers/1/budget',
      '/spending',
      '/virtualKeys/0/allowed_keys',
      '/virtualKeys/0/owner',
    ])
    expect(problems.find(({ path }) => path.endsWith('allowed_keys'))?.message).toBe(
      'unknown field "allowed_keys": it is called "keys" here',
    )
    expect(await revision()).toBe(before)
  })

  it('a refusal of any mutation undoes all the others, and hides none', async () => {
    const before = await revision()
    const { problems } = await apply({
      version: 1,
      customers: [{ name: 'Undone' }, { name: ' spaced ' }],
      providers: [
        { name: 'local', baseUrl: 'http://127.0.0.1:1/v1', keys: [{ name: 'k', secret: '$OPENAI_API_KEY' }] },
      ],
      virtualKeys: [{ name: 'late', owner: { customer: 'Undone' }, expiresAt: '2001-01-01T00:00:00Z' }],
    })
    expect(problems.map(({ path }) => path)).toEqual([
      '/customers/1/name',
      '/providers/0/baseUrl',
      '/virtualKeys/0/expiresAt',
    ])
    expect(await revision()).toBe(before)
    expect(await tenant.configured('customer')).toHaveLength(1)
  })

  it('names that refer to nothing are found, all of them', async () => {
    const { problems } = await apply({
      version: 1,
      teams: [{ name: 'a', customer: 'Nobody' }],
      virtualKeys: [{ name: 'k', owner: { user: 'nobody' }, providers: [{ provider: 'none', models: [] }] }],
    })
    expect(problems).toEqual([
      { path: '/teams/0/customer', message: 'there is no customer "Nobody"' },
      { path: '/virtualKeys/0/owner/user', message: 'there is no user "nobody"' },
      { path: '/virtualKeys/0/providers/0/provider', message: 'there is no provider "none"' },
    ])
  })

  it('is refused when the configuration moved since the dry run', async () => {
    const wanted = { version: 1, customers: [{ name: 'Moved' }] }
    const { revision: seen } = await apply(wanted, { dryRun: true })
    await apply({ version: 1, customers: [{ name: 'Between' }] })
    expect(await apply(wanted, { ifRevision: seen })).toMatchObject({ __typename: 'ConfigurationMoved' })
    expect((await apply(wanted, { ifRevision: seen + 1 })).revision).toBe(seen + 2)
  })

  it('deletes what is left out only when it is told to prune', async () => {
    const left = { version: 1, customers: [{ name: 'Acme', budgets: [{ limitUsd: 300, period: 'MONTH' }] }] }
    expect(told(await apply(left))).toEqual([])
    expect(told(await apply(left, { prune: true }))).toEqual([
      'DELETE customer default/Moved',
      'DELETE customer default/Between',
    ])
  })

  it('takes a budget away that its owner’s list leaves out', async () => {
    const without = { version: 1, customers: [{ name: 'Acme', budgets: [] }] }
    expect(told(await apply(without))).toEqual([])
    expect(told(await apply(without, { prune: true }))).toEqual(['DELETE budget customer/default/Acme/MONTH'])
    expect(told(await apply(without, { prune: true }))).toEqual([])
  })

  it('what is exported changes nothing when it is applied', async () => {
    const { configurationFile } = await tenant.query<{
      configurationFile: { document: object; warnings: string[]; schema: { title: string } }
    }>('{ configurationFile { document warnings schema } }')
    expect(configurationFile).toMatchObject({ warnings: [], schema: { title: 'Gatehouse configuration' } })
    expect(JSON.stringify(configurationFile.document)).not.toContain('sk-')
    expect(told(await apply(configurationFile.document, { prune: true }))).toEqual([])
  })

  it('the owner of a key stays: a change of it is refused, not forgotten', async () => {
    const virtualKeys = [{ name: 'checkout', owner: { user: 'ada@example.com' } }]
    expect((await apply({ version: 1, virtualKeys })).problems).toMatchObject([
      { path: '/virtualKeys/0/owner' },
    ])
  })

  it('takes a limited time, after which nothing is changed', async () => {
    const before = await revision()
    const { services } = tenant.api.controlPlane
    const document = { version: 1, customers: [{ name: 'Too late' }] }
    const input = { document, secrets: new Map(), prune: false, dryRun: false }
    const applied = applyConfiguration(services, systemActor(tenant.tenant.organizationId), input, {
      timeLimitMs: 0,
    })
    await expect(applied).rejects.toThrow('apply it in parts')
    expect(await revision()).toBe(before)
  })

  it('a name that several keys have is refused, for it says not which', async () => {
    const issue = `mutation($input: IssueVirtualKeyInput!) {
      issueVirtualKey(input: $input) { ... on IssuedVirtualKey { virtualKey { id } } }
    }`
    const { users } = await tenant.query<{ users: { edges: { node: { id: string } }[] } }>(
      '{ users(first: 1) { edges { node { id } } } }',
    )
    const [user] = users.edges
    const owner = { userId: user?.node.id }
    const input = { workspaceId: tenant.tenant.workspaceId, name: 'twin', owner, providerConfigs: [] }
    await tenant.query(issue, { input })
    await tenant.query(issue, { input })
    const file = { version: 1, virtualKeys: [{ name: 'twin', owner: { user: 'ada@example.com' } }] }
    expect((await apply(file)).problems).toEqual([
      { path: '/virtualKeys/0', message: 'several virtual keys are named "twin": rename one' },
    ])
  })

  it('only a token of the whole organization may apply and export', async () => {
    const issue = `mutation($input: IssueApiTokenInput!) {
      issueApiToken(input: $input) { ... on IssuedApiToken { secret } }
    }`
    const { workspaceId } = tenant.tenant
    const { issueApiToken } = await tenant.query<{ issueApiToken: { secret: string } }>(issue, {
      input: { name: 'confined', role: 'ADMIN', workspaceId },
    })
    for (const document of [
      'mutation { applyConfiguration(input: { document: {} }) { __typename } }',
      '{ configurationFile { document } }',
    ]) {
      const { errors } = await tenant.api.ask(issueApiToken.secret, document)
      expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    }
  })

  it('a file of a thousand entities twice is nothing the second time', async () => {
    const { services } = tenant.api.controlPlane
    const input = { document: largeFile(1_000), secrets: new Map(), prune: false, dryRun: false }
    const actor = systemActor(tenant.tenant.organizationId)
    // However busy the machine is: the limit has a test of its own.
    const applyLarge = () => applyConfiguration(services, actor, input, { timeLimitMs: 85_000 })
    const started = await revision()
    const first = await applyLarge()
    expect(first.steps).toHaveLength(1_001)
    expect(first.issued).toHaveLength(250)
    expect(await revision()).toBe(started + 1)
    expect((await applyLarge()).steps).toEqual([])
    expect(await revision()).toBe(started + 1)
  }, 180_000)
})
