import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProvider, createTeam, startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi, updateKey } from './key-api.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
let context: TenantApi
let keys: KeyApi
let other: { teamId: string; providerId: string }
beforeAll(async () => {
  context = await startTenantApi({ now: () => now })
  keys = await KeyApi.start(context)
  const { workspaceId } = context.tenant
  const { id: teamId } = await context.mutate(createTeam, { workspaceId, name: 'other' })
  const provider = { name: 'other', baseUrl: 'https://example.com/v1' }
  const { id: providerId } = await context.mutate(createProvider, provider)
  other = { teamId, providerId }
  await keys.issue({ name: 'Delta', expiresIn: 'WEEK' })
  await keys.issue({ name: 'alpha 100%', tags: ['env:prod'], expiresIn: 'DAY' })
  await keys.issue({ name: 'Charlie', owner: { teamId } })
  await keys.issue({ name: 'bravo', providerConfigs: [keys.config({ providerId })] })
  const id = await keys.issue({ name: 'Echo', allowAllProviders: true, expiresIn: 'DAY' })
  await context.mutate(updateKey, { id, active: false })
})
afterAll(() => context.close())

interface Page {
  readonly totalCount: number
  readonly edges: readonly { readonly node: { readonly name: string } }[]
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean }
}

async function list(variables: object): Promise<Page> {
  const { virtualKeys } = await context.query<{ virtualKeys: Page }>(
    `query($filter: VirtualKeyFilter, $orderBy: VirtualKeyOrder, $first: Int, $after: String) {
       virtualKeys(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
         totalCount edges { node { name } } pageInfo { endCursor hasNextPage } } }`,
    variables,
  )
  return virtualKeys
}

const namesOf = ({ edges }: Page) => edges.map(({ node }) => node.name)

describe('virtual keys are filtered', () => {
  it.each([
    ['owner', () => ({ teamId: other.teamId }), ['Charlie']],
    [
      'provider, those for all providers included',
      () => ({ providerId: other.providerId }),
      ['bravo', 'Echo'],
    ],
    ['status', () => ({ status: 'INACTIVE' }), ['Echo']],
    ['tag', () => ({ tag: 'env:prod' }), ['alpha 100%']],
    ['name, in any case', () => ({ search: 'CH' }), ['Charlie', 'Echo']],
    ['name, in which no character is special', () => ({ search: '0%' }), ['alpha 100%']],
    ['name, in which no character is special', () => ({ search: 'a%r' }), []],
    ['expiry', () => ({ expiringBefore: '2026-01-03T00:00:00Z' }), ['alpha 100%', 'Echo']],
    ['several at once', () => ({ status: 'ACTIVE', expiringBefore: '2026-01-03T00:00:00Z' }), ['alpha 100%']],
  ])('by %s', async (_, filter, expected) => {
    const page = await list({ filter: filter() })
    expect(namesOf(page)).toEqual(expected)
    expect(page.totalCount).toBe(expected.length)
  })
})

describe('virtual keys are ordered', () => {
  const byExpiry = [['alpha 100%', 'Echo'], ['Delta'], ['Charlie', 'bravo']].flat()

  async function pagedThrough(orderBy: object): Promise<string[]> {
    const names: string[] = []
    let after: string | undefined
    for (;;) {
      const page = await list({ orderBy, first: 2, after })
      names.push(...namesOf(page))
      if (!page.pageInfo.hasNextPage) return names
      after = page.pageInfo.endCursor
    }
  }

  it('by age unless said, and the newest first', async () => {
    const oldestFirst = ['Delta', 'alpha 100%', 'Charlie', 'bravo', 'Echo']
    expect(namesOf(await list({}))).toEqual(oldestFirst)
    expect(await pagedThrough({ field: 'CREATED_AT', direction: 'DESC' })).toEqual(oldestFirst.toReversed())
  })

  it('by expiry, page by page, those that never expire last', async () => {
    expect(await pagedThrough({ field: 'EXPIRES_AT' })).toEqual(byExpiry)
    expect(await pagedThrough({ field: 'EXPIRES_AT', direction: 'DESC' })).toEqual(byExpiry.toReversed())
  })

  it('by name, page by page', async () => {
    const names = await pagedThrough({ field: 'NAME' })
    expect(names.toSorted()).toEqual([...byExpiry].sort())
    expect(await pagedThrough({ field: 'NAME', direction: 'DESC' })).toEqual(names.toReversed())
  })

  it('a cursor of nothing is refused', async () => {
    await expect(list({ orderBy: { field: 'NAME' }, after: 'nonsense' })).rejects.toThrow(
      /after: is no cursor/,
    )
  })
})
