import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTeam, startTenantApi, type TenantApi } from './tenant-api.ts'

const names = ['delta', 'Alpha', 'charlie 100%', 'bravo', 'alpha two']
let api: TenantApi
beforeAll(async () => {
  api = await startTenantApi()
  for (const name of names) await api.mutate(createTeam, { workspaceId: api.tenant.workspaceId, name })
})
afterAll(() => api.close())

interface Page {
  readonly totalCount: number
  readonly edges: readonly { readonly node: { readonly name: string } }[]
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean }
}

async function list(variables: object): Promise<Page> {
  const { teams } = await api.query<{ teams: Page }>(
    `query($first: Int, $after: String, $filter: TeamFilter, $orderBy: NamedOrder) {
      teams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
        totalCount edges { node { name } } pageInfo { endCursor hasNextPage } } }`,
    variables,
  )
  return teams
}
const namesOf = ({ edges }: Page) => edges.map(({ node }) => node.name)

describe('a list of things with a name', () => {
  it('is searched by a part of the name, whatever its case, and literally', async () => {
    expect(namesOf(await list({ filter: { search: 'ALPHA' } }))).toEqual(['Alpha', 'alpha two'])
    expect(namesOf(await list({ filter: { search: '0%' } }))).toEqual(['charlie 100%'])
    expect((await list({ filter: { search: '_' } })).totalCount).toBe(0)
  })

  it('is ordered by name page by page, forth and back', async () => {
    const orderBy = { field: 'NAME', direction: 'DESC' }
    const whole = namesOf(await list({ orderBy }))
    expect(whole).toHaveLength(names.length)
    const paged: string[] = []
    let after: string | undefined
    do {
      const page = await list({ orderBy, first: 2, after })
      paged.push(...namesOf(page))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined
    } while (after !== undefined)
    expect(paged).toEqual(whole)
    expect(namesOf(await list({ orderBy: { field: 'NAME' } }))).toEqual(whole.toReversed())
  })

  it('is listed newest first when asked', async () => {
    const orderBy = { field: 'CREATED_AT', direction: 'DESC' }
    expect(namesOf(await list({ orderBy }))).toEqual(names.toReversed())
  })

  it('is filtered by where its things are, another place holding nothing', async () => {
    const { workspaceId } = api.tenant
    expect((await list({ filter: { workspaceId } })).totalCount).toBe(names.length)
    expect((await list({ filter: { workspaceId: 'ws_other' } })).totalCount).toBe(0)
  })
})
