import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteExpiredKeys } from '../../../../control-plane/modules/virtual-keys/deletion.ts'
import { startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi, updateKey } from './key-api.ts'

let now = Date.parse('2026-01-01T00:00:00Z')
let context: TenantApi
let keys: KeyApi
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

const deleteKey = { input: 'RevocationInput', field: 'deleteVirtualKey', selection: '... on Deleted { id }' }

describe('what is said of a key', () => {
  it('is stored, and data planes are told what concerns them [X0-22]', async () => {
    const id = await keys.issue({
      description: 'nightly build',
      tags: ['team:ci', 'env:prod', 'env:prod'],
      priority: 'HIGH',
      allowAllProviders: true,
      contentLogging: 'OFF',
      providerConfigs: [
        keys.config({ active: false, allowedModels: ['regex:gpt-4o.*'], blockedModels: ['gpt-4o-audio'] }),
      ],
    })
    expect(await keys.told(id)).toMatchObject({
      allowAllProviders: true,
      contentLogging: false,
      priority: 'high',
      providerConfigs: [
        { active: false, allowedModels: ['regex:gpt-4o.*'], blockedModels: ['gpt-4o-audio'] },
      ],
    })
    const { virtualKey } = await context.query<{ virtualKey: object }>(
      `query($id: ID!) { virtualKey(id: $id) { description tags priority contentLogging allowAllProviders
         providerConfigs { active blockedModels } } }`,
      { id },
    )
    expect(virtualKey).toEqual({
      description: 'nightly build',
      tags: ['env:prod', 'team:ci'],
      priority: 'HIGH',
      contentLogging: 'OFF',
      allowAllProviders: true,
      providerConfigs: [{ active: false, blockedModels: ['gpt-4o-audio'] }],
    })
  })

  it('says how fresh a configuration its calls need; data planes hear of it only then', async () => {
    const id = await keys.issue({ requireFreshSeconds: 30 })
    expect(await keys.told(id)).toMatchObject({ requireFreshSeconds: 30 })
    await context.mutate(updateKey, { id, description: 'strict' })
    expect(await keys.told(id)).toMatchObject({ requireFreshSeconds: 30 })
    await context.mutate(updateKey, { id, requireFreshSeconds: null })
    expect(await keys.told(id)).not.toHaveProperty('requireFreshSeconds')
  })

  it('says how many of its calls may be under way; data planes hear of it only then', async () => {
    const id = await keys.issue({ maxConcurrentCalls: 3 })
    await context.mutate(updateKey, { id, description: 'narrow' })
    expect(await keys.told(id)).toMatchObject({ maxConcurrentCalls: 3 })
    await context.mutate(updateKey, { id, maxConcurrentCalls: null })
    expect(await keys.told(id)).not.toHaveProperty('maxConcurrentCalls')
  })

  it('can be changed, and what is left out stays as it is', async () => {
    const id = await keys.issue({ description: 'first', tags: ['a'] })
    expect(await context.mutate(updateKey, { id, tags: ['b'] })).toMatchObject({
      description: 'first',
      tags: ['b'],
    })
    expect(await context.mutate(updateKey, { id, description: '', contentLogging: 'ON' })).toMatchObject({
      description: '',
      tags: ['b'],
      contentLogging: 'ON',
    })
  })

  it.each([
    [{ tags: ['Not A Tag'] }, /^tags: "Not A Tag" is no tag/],
    [{ description: 'x'.repeat(1001) }, /^description: must have at most 1000/],
    [{ deleteAfterExpiry: true }, /^deleteAfterExpiry: needs a key that expires/],
    [{ maxConcurrentCalls: 0 }, /^maxConcurrentCalls: must be an integer from 1 to 1000000, not 0/],
    [{ requireFreshSeconds: 0 }, /^requireFreshSeconds: must be an integer from 10 to 2592000, not 0/],
    [{ expiresIn: 'DAY', expiresAt: '2030-01-01T00:00:00Z' }, /^expiresIn: cannot be combined/],
  ])('%j is refused', async (fields, message) => {
    expect(await keys.refusal(fields)).toMatch(message)
  })

  it.each([
    ['regex:(a', /^providerConfigs\[0\].allowedModels: "regex:\(a" is no pattern/],
    ['regex:(.{0,50}){0,18}b', /too large/],
    ['regex:(?=a)b', /syntax of RE2/],
  ])('the pattern %s is refused, and why', async (pattern, message) => {
    expect(await keys.refusal({ providerConfigs: [keys.config({ allowedModels: [pattern] })] })).toMatch(
      message,
    )
    expect(await keys.refusal({ providerConfigs: [keys.config({ blockedModels: [pattern] })] })).toMatch(
      /blockedModels/,
    )
  })
})

describe('the end of a key', () => {
  it.each([
    ['HOUR', '2026-01-01T01:00:00.000Z'],
    ['DAY', '2026-01-02T00:00:00.000Z'],
    ['WEEK', '2026-01-08T00:00:00.000Z'],
    ['MONTH', '2026-01-31T00:00:00.000Z'],
    ['QUARTER', '2026-04-01T00:00:00.000Z'],
    ['YEAR', '2027-01-01T00:00:00.000Z'],
  ])('%s from now is %s', async (expiresIn, expiresAt) => {
    const id = await keys.issue({ expiresIn })
    expect(await context.mutate(updateKey, { id })).toMatchObject({ expiresAt })
  })

  it('may be its deletion: an expired key is gone for everybody, and one that stays is not', async () => {
    const gone = await keys.issue({ expiresIn: 'HOUR', deleteAfterExpiry: true })
    const kept = await keys.issue({ expiresIn: 'HOUR' })
    await context.mutate(
      { field: 'addBudget', input: 'AddBudgetInput', selection: '... on Budget { id }' },
      { owner: { virtualKeyId: gone }, limit: '1', period: 'DAY' },
    )
    const { database } = context.api.controlPlane
    const sweep = () => deleteExpiredKeys(database, context.tenant.organizationId, now)
    await sweep()
    expect(await keys.told(gone)).toBeDefined()
    now += 3_600_000
    await sweep()
    expect(await keys.told(gone)).toBeUndefined()
    expect(await keys.told(kept)).toBeDefined()
    expect(await context.configured('budget')).toEqual([])
    const { virtualKey } = await context.query<{ virtualKey: object | null }>(
      'query($id: ID!) { virtualKey(id: $id) { id } }',
      { id: gone },
    )
    expect(virtualKey).toBeNull()
    expect(await context.audited('virtual_key.expired')).toMatchObject({ name: 'app' })
  })

  it('deletion ends it at once', async () => {
    const id = await keys.issue()
    expect(await context.mutate(deleteKey, { id })).toMatchObject({ id })
    expect(await keys.told(id)).toBeUndefined()
    expect(await context.mutate(deleteKey, { id })).toMatchObject({ code: 'NOT_FOUND' })
  })
})
