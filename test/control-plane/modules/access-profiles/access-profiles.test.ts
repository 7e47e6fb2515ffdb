import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProvider, type Mutation, type Result, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi, updateKey } from '../virtual-keys/key-api.ts'

function mutation(field: string, type: string, selection = 'id'): Mutation {
  const input = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  return { field, input, selection: `... on ${type} { ${selection} }` }
}

const byId = (field: string): Mutation => ({
  field,
  input: 'ByIdInput',
  selection: '... on Deleted { id }',
})
const revokeKey = mutation('revokeVirtualKey', 'VirtualKey')
const createProfile = mutation('createAccessProfile', 'AccessProfile')
const updateProfile = mutation('updateAccessProfile', 'AccessProfile')
const issueFrom = mutation('issueVirtualKeyFromProfile', 'IssuedVirtualKey', 'virtualKey { id }')

const now = Date.parse('2026-01-01T00:00:00Z')
let context: TenantApi
let keys: KeyApi
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

let made = 0
async function newProfile(terms: object = {}): Promise<string> {
  made += 1
  const input = { name: `profile ${made}`, providerConfigs: [keys.config()], ...terms }
  const profile = await context.mutate(createProfile, input)
  if (profile.code !== undefined) throw new Error(profile.message)
  return profile.id
}

async function issue(accessProfileId: string): Promise<string> {
  const { providerConfigs: _own, ...place } = keys.newKey()
  const issued = await context.mutate(issueFrom, { accessProfileId, ...place })
  return (issued as unknown as { virtualKey: Result }).virtualKey.id
}

const budgetsOf = async (id: string) =>
  (await context.configured('budget')).filter(({ owner }) => owner.id === id)
const limitsOf = async (id: string) =>
  (await context.configured('request_limit')).filter(({ owner }) => owner.id === id)
const revision = async () =>
  (await context.query<{ configuration: { revision: number } }>('{ configuration { revision } }'))
    .configuration.revision

describe('an access profile [X0-29]', () => {
  it('is a template: its keys have what it says, with budgets and limits of their own', async () => {
    const profile = await newProfile({
      contentLogging: 'OFF',
      expiresIn: 'MONTH',
      budgets: [
        { limit: '100', period: 'DAY' },
        { limit: '1000', period: 'MONTH' },
      ],
      requestLimits: [{ maxRequests: 5, windowSeconds: 60 }],
    })
    const [one, two] = [await issue(profile), await issue(profile)]
    expect(await keys.told(one)).toMatchObject({
      contentLogging: false,
      expiresAt: Date.parse('2026-01-31T00:00:00Z'),
      providerConfigs: [{ providerId: keys.providerId, allowedModels: ['small'] }],
    })
    expect((await budgetsOf(one)).map(({ limitNanoUsd }) => limitNanoUsd)).toEqual(['100', '1000'])
    expect(await limitsOf(two)).toMatchObject([{ maxRequests: 5, windowSeconds: 60 }])
    expect((await budgetsOf(two))[0]?.id).not.toBe((await budgetsOf(one))[0]?.id)
  })

  it('changes every key that follows it, in one revision, and forgets nothing that was spent', async () => {
    const { id: other } = await context.mutate(createProvider, {
      name: 'added',
      baseUrl: 'https://example.com/v1',
    })
    const profile = await newProfile({
      budgets: [
        { limit: '100', period: 'DAY' },
        { limit: '1000', period: 'MONTH' },
      ],
      requestLimits: [{ maxRequests: 5, windowSeconds: 60 }],
    })
    const followers = [await issue(profile), await issue(profile)]
    const [first = ''] = followers
    const bystander = await issue(await newProfile())
    const before = { key: await keys.told(first), budgets: await budgetsOf(first), at: await revision() }
    const stranger = await keys.told(bystander)
    await context.mutate(updateProfile, {
      id: profile,
      providerConfigs: [keys.config({ allowedModels: ['*'] }), keys.config({ providerId: other })],
      budgets: [
        { limit: '50', period: 'DAY' },
        { limit: '9', period: 'YEAR' },
      ],
      requestLimits: [],
    })
    expect(await revision()).toBe(before.at + 1)
    for (const id of followers) {
      expect((await keys.told(id))?.providerConfigs.map((config) => config.allowedModels)).toEqual([
        ['*'],
        ['small'],
      ])
      expect((await budgetsOf(id)).map(({ limitNanoUsd }) => limitNanoUsd)).toEqual(['50', '9'])
      expect(await limitsOf(id)).toEqual([])
    }
    expect((await keys.told(first))?.providerConfigs[0]?.id).toBe(before.key?.providerConfigs[0]?.id)
    expect((await budgetsOf(first))[0]?.id).toBe(before.budgets[0]?.id)
    expect(await keys.told(bystander)).toEqual(stranger)
  })

  it('decides: what it says cannot be changed on a key, and what it does not say can', async () => {
    const profile = await newProfile({ budgets: [{ limit: '100', period: 'DAY' }] })
    const id = await issue(profile)
    for (const field of [
      { providerConfigs: [] },
      { allowAllProviders: true },
      { contentLogging: 'ON' },
      { expiresAt: null },
      { expiresIn: 'DAY' },
    ]) {
      expect(await context.mutate(updateKey, { id, ...field })).toMatchObject({ code: 'PROFILE_MANAGED' })
    }
    expect(await context.mutate(updateKey, { id, name: 'renamed', tags: ['mine'] })).toMatchObject({
      name: 'renamed',
      tags: ['mine'],
    })
    const [managed] = await budgetsOf(id)
    const removal = await context.mutate(byId('removeBudget'), { id: managed?.id })
    expect(removal).toMatchObject({ code: 'PROFILE_MANAGED' })
    const own = { owner: { virtualKeyId: id }, limit: '7', period: 'WEEK' }
    await context.mutate(mutation('addBudget', 'Budget'), own)
    await context.mutate(updateProfile, { id: profile, budgets: [] })
    expect((await budgetsOf(id)).map(({ limitNanoUsd }) => limitNanoUsd)).toEqual(['7'])
  })

  it('can be left, with all that it gave', async () => {
    const profile = await newProfile({ budgets: [{ limit: '100', period: 'DAY' }] })
    const id = await issue(profile)
    const told = await keys.told(id)
    expect(await context.mutate(byId('deleteAccessProfile'), { id: profile })).toMatchObject({
      code: 'IN_USE',
    })
    await context.mutate(mutation('leaveAccessProfile', 'VirtualKey'), { virtualKeyId: id })
    expect(await keys.told(id)).toEqual(told)
    const [budget] = await budgetsOf(id)
    const raise = await context.mutate(mutation('updateBudget', 'Budget'), { id: budget?.id, limit: '200' })
    expect(raise).toMatchObject({ id: budget?.id })
    expect(await context.mutate(byId('deleteAccessProfile'), { id: profile })).toMatchObject({ id: profile })
  })

  it('can be followed by a key that was issued without it', async () => {
    const profile = await newProfile({ budgets: [{ limit: '100', period: 'DAY' }] })
    const id = await keys.issue({ providerConfigs: [keys.config({ allowedModels: ['*'] })] })
    const own = { owner: { virtualKeyId: id }, limit: '7', period: 'DAY' }
    const budget = await context.mutate(mutation('addBudget', 'Budget'), own)
    const follow = mutation('followAccessProfile', 'VirtualKey', 'id accessProfile { id }')
    expect(await context.mutate(follow, { virtualKeyId: id, accessProfileId: profile })).toMatchObject({
      accessProfile: { id: profile },
    })
    expect((await keys.told(id))?.providerConfigs[0]?.allowedModels).toEqual(['small'])
    expect(await budgetsOf(id)).toMatchObject([{ id: budget.id, limitNanoUsd: '100' }])
    await context.mutate(revokeKey, { id })
    expect(await context.mutate(byId('deleteAccessProfile'), { id: profile })).toMatchObject({ id: profile })
  })

  it('holds the providers that it names', async () => {
    const { id: providerId } = await context.mutate(createProvider, {
      name: 'held',
      baseUrl: 'https://example.com/v1',
    })
    await newProfile({ providerConfigs: [keys.config({ providerId })] })
    expect(
      await context.mutate({ ...byId('deleteProvider'), input: 'RevocationInput' }, { id: providerId }),
    ).toMatchObject({ code: 'IN_USE' })
  })

  it('of which a key is being issued changes before or after it, never beside it', async () => {
    const profile = await newProfile({ budgets: [{ limit: '1', period: 'DAY' }] })
    for (let round = 2; round < 6; round++) {
      const change = { id: profile, budgets: [{ limit: String(round), period: 'DAY' }] }
      const [id] = await Promise.all([issue(profile), context.mutate(updateProfile, change)])
      expect(await budgetsOf(id)).toMatchObject([{ limitNanoUsd: String(round) }])
    }
  })

  it.each([
    [{ budgets: [{ limit: '0', period: 'DAY' }] }, /^budgets\[0\].limit: must be from 1/],
    [
      {
        budgets: [
          { limit: '1', period: 'DAY' },
          { limit: '2', period: 'DAY' },
        ],
      },
      /^budgets\[1\]: has DAY/,
    ],
    [{ requestLimits: [{ maxRequests: 0, windowSeconds: 1 }] }, /^requestLimits\[0\].maxRequests/],
    [{ deleteAfterExpiry: true }, /^deleteAfterExpiry: needs/],
    [{ name: '' }, /^name: must not be empty/],
  ])('%j is refused', async (terms, message) => {
    const input = { name: 'refused', providerConfigs: [], ...terms }
    expect(await context.refusal(createProfile, input)).toMatch(message)
  })
})
