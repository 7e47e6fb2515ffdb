import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProvider, type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi, updateKey } from '../virtual-keys/key-api.ts'

function mutation(field: string, selection: string): Mutation {
  return { field, input: `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`, selection }
}

const createProfile = mutation('createAccessProfile', '... on AccessProfile { id purpose }')
const updateProfile = mutation('updateAccessProfile', '... on AccessProfile { id purpose }')
const issueFrom = mutation(
  'issueVirtualKeyFromProfile',
  '... on IssuedVirtualKey { virtualKey { id budgets { id } } }',
)
const removeBudget: Mutation = {
  ...{ field: 'removeBudget', input: 'ByIdInput', selection: '... on Deleted { id }' },
}

let context: TenantApi
let keys: KeyApi
let otherProviderId: string
let profile: Result
beforeAll(async () => {
  context = await startTenantApi()
  keys = await KeyApi.start(context)
  const other = { name: 'other', baseUrl: 'https://other.example.com/v1' }
  otherProviderId = (await context.mutate(createProvider, other)).id
  profile = await context.mutate(createProfile, narrow())
})
afterAll(() => context.close())

const narrow = (terms: object = {}) => ({
  ...{ name: 'pipelines', purpose: 'CI', expiresIn: 'WEEK' },
  ...{ providerConfigs: [keys.config()], budgets: [{ limit: '1000', period: 'DAY' }], ...terms },
})

interface Wide {
  readonly what: string
  readonly field: string
  terms(): object
}

const wider: readonly Wide[] = [
  { what: 'all providers', field: 'allowAllProviders', terms: () => ({ allowAllProviders: true }) },
  { what: 'no provider', field: 'providerConfigs', terms: () => ({ providerConfigs: [] }) },
  {
    ...{ what: 'two providers', field: 'providerConfigs' },
    terms: () => ({ providerConfigs: [keys.config(), keys.config({ providerId: otherProviderId })] }),
  },
  ...[[], ['*'], ['regex:small'], ['small', 'large']].map((allowedModels) => ({
    what: `the models ${JSON.stringify(allowedModels)}`,
    field: 'providerConfigs[0].allowedModels',
    terms: () => ({ providerConfigs: [keys.config({ allowedModels })] }),
  })),
  { what: 'no budget', field: 'budgets', terms: () => ({ budgets: [] }) },
]

describe('an access profile for CI [S1-30]', () => {
  it.each(wider)('is refused when it is wider: $what', async ({ field, terms }) => {
    const before = await context.configured('virtual_key')
    const created = await context.refusal(createProfile, narrow({ name: 'wide', ...terms() }))
    expect(created).toMatch(`${field}: must`)
    expect(created).toContain('purpose of the profile is CI')
    expect(await context.refusal(updateProfile, { id: profile.id, ...terms() })).toBe(created)
    expect(await context.configured('virtual_key')).toEqual(before)
  })

  it('may be as wide as it likes for anything else, and cannot be declared narrow then', async () => {
    const providerConfigs = [keys.config({ allowedModels: ['*'] })]
    const wide = await context.mutate(createProfile, { name: 'general', providerConfigs })
    expect(wide.purpose).toBe('GENERAL')
    expect(await context.refusal(updateProfile, { id: wide.id, purpose: 'CI' })).toMatch(
      'allowedModels: must',
    )
    const tightened = { providerConfigs: [keys.config()], budgets: [{ limit: '1', period: 'DAY' }] }
    const input = { id: wide.id, purpose: 'CI', ...tightened }
    expect((await context.mutate(updateProfile, input)).purpose).toBe('CI')
  })

  it('gives keys in which the lint finds nothing severe, and which stay so', async () => {
    const { providerConfigs, ...place } = keys.newKey()
    const issued = await context.mutate(issueFrom, { ...place, accessProfileId: profile.id })
    const { id, budgets } = issued.virtualKey as {
      id: string
      budgets: { id: string }[]
    }
    const { virtualKeyLint } = await context.query<{
      virtualKeyLint: { edges: { node: { findings: { code: string }[] } }[] }
    }>('{ virtualKeyLint(minimumSeverity: LOW) { edges { node { findings { code } } } } }')
    const findings = virtualKeyLint.edges.flatMap(({ node }) => node.findings.map(({ code }) => code))
    expect(findings).toEqual(['NO_REQUEST_LIMIT'])
    for (const change of [{ allowAllProviders: true }, { providerConfigs }])
      expect(await context.mutate(updateKey, { id, ...change })).toMatchObject({ code: 'PROFILE_MANAGED' })
    expect(await context.mutate(removeBudget, { id: budgets[0]?.id })).toMatchObject({
      code: 'PROFILE_MANAGED',
    })
  })
})
