import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { callFinished } from '../spending-data-plane.ts'

let api: TestApi
let tenant: Tenant
let stranger: Tenant
const day = Date.parse('2026-11-22T00:00:00Z')

const callsOf = (workspaceId: string) => [
  callFinished({ workspaceId, teamId: 'team_1', costNanoUsd: 3_000_000_000, startedAt: day }),
  callFinished({ workspaceId, teamId: 'team_2', costNanoUsd: 4_000_000_000, startedAt: day + 1 }),
  callFinished({ workspaceId: 'ws_other', teamId: 'team_1', costNanoUsd: 5_000_000_000, startedAt: day + 2 }),
  callFinished({
    workspaceId: null,
    teamId: null,
    virtualKeyId: null,
    outcome: 'denied',
    errorCode: 'virtual_key_not_found',
    requestId: 'request-of-a-caller',
    startedAt: day + 3,
  }),
]
let calls: ReturnType<typeof callsOf>

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  stranger = await api.createTenant('Stranger')
  calls = callsOf(tenant.workspaceId)
  const reported = calls.map((call) => ({ dataPlaneId: 'dp_1', call }))
  const { organizationId } = tenant
  await api.controlPlane.database.transaction(organizationId, (em) =>
    recordUsage(em, organizationId, reported),
  )
})
afterAll(() => api.close())

const query = `query ($filter: UsageFilter, $first: Int, $after: String) {
  usage(filter: $filter, first: $first, after: $after) {
    totalCount
    totals { requests inputTokens outputTokens costNanoUsd }
    edges { node { id attemptId outcome errorCode costNanoUsd durationMs model } }
    pageInfo { hasNextPage endCursor }
  }
}`

interface UsageAnswer {
  readonly totalCount: number
  readonly totals: Record<string, unknown> & { readonly requests: number }
  readonly edges: readonly { readonly node: Record<string, unknown> }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string }
}

async function readUsage(variables: object = {}, token = tenant.token): Promise<UsageAnswer> {
  const { data, errors } = await api.ask(token, query, variables)
  expect(errors).toEqual([])
  return (data as { usage: UsageAnswer } | null)?.usage ?? expect.fail('no answer')
}

async function issueToken(workspaceId: string): Promise<string> {
  const mutation = `mutation ($input: IssueApiTokenInput!) {
    issueApiToken(input: $input) { ... on IssuedApiToken { secret } }
  }`
  const input = { name: 'confined', role: 'VIEWER', workspaceId }
  const { data } = await api.ask(tenant.token, mutation, { input })
  return (
    (data as { issueApiToken: { secret: string } } | null)?.issueApiToken.secret ?? expect.fail('no token')
  )
}

describe('usage', () => {
  it('lists every call newest first, refused ones included, with totals beyond 32 bits', async () => {
    const usage = await readUsage()
    expect(usage.totalCount).toBe(4)
    expect(usage.edges.map(({ node }) => node.attemptId)).toEqual(
      calls.map(({ attemptId }) => attemptId).toReversed(),
    )
    expect(usage.edges[0]?.node).toMatchObject({ outcome: 'denied', errorCode: 'virtual_key_not_found' })
    expect(usage.totals).toEqual({
      requests: 4,
      inputTokens: 40,
      outputTokens: 20,
      costNanoUsd: '12000000000',
    })
  })

  it('a call that is reported late stands where it began, on pages forth and back', async () => {
    const { organizationId, token } = await api.createTenant('Late')
    const began = [5, 1, 3, 3, 2, 4].map((minute) => day + minute * 60_000)
    for (const startedAt of began) {
      const call = callFinished({ startedAt, durationMs: startedAt - day })
      await api.controlPlane.database.transaction(organizationId, (em) =>
        recordUsage(em, organizationId, [{ dataPlaneId: 'dp_1', call }]),
      )
    }
    const newestFirst = began.toSorted((a, b) => b - a).map((startedAt) => startedAt - day)
    const forth: unknown[] = []
    let after: string | undefined
    do {
      const { edges, pageInfo } = await readUsage({ first: 2, after }, token)
      forth.push(...edges.map(({ node }) => node.durationMs))
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined
    } while (after !== undefined)
    expect(forth).toEqual(newestFirst)
    const backwards = 'query { usage(last: 4) { edges { node { durationMs } } } }'
    const { data } = await api.ask(token, backwards)
    const { edges } = (data as { usage: UsageAnswer } | null)?.usage ?? expect.fail('no answer')
    expect(edges.map(({ node }) => node.durationMs)).toEqual(newestFirst.slice(-4))
  })

  it('sums over all pages, whatever the page', async () => {
    const page = await readUsage({ first: 1 })
    expect(page.edges).toHaveLength(1)
    expect(page.totals.requests).toBe(4)
    const next = await readUsage({ first: 3, after: page.pageInfo.endCursor })
    expect(next.edges).toHaveLength(3)
    expect(next.pageInfo.hasNextPage).toBe(false)
  })

  it.each([
    ['a team', { teamId: 'team_1' }, 2],
    ['an outcome', { outcome: 'denied' }, 1],
    ['a time', { from: new Date(day + 1).toISOString(), to: new Date(day + 3).toISOString() }, 2],
    ['several at once', { teamId: 'team_1', from: new Date(day + 1).toISOString() }, 1],
    ['the id of a request', { requestId: 'request-of-a-caller' }, 1],
    ['nobody', { virtualKeyId: 'vk_none' }, 0],
  ])('is filtered by %s, list and totals alike', async (_, filter, count) => {
    const usage = await readUsage({ filter })
    expect(usage).toMatchObject({ totalCount: count, totals: { requests: count } })
    expect(usage.edges).toHaveLength(count)
  })

  it('is filtered by how long ago, instead of from when', async () => {
    expect((await readUsage({ filter: { within: 'P36500D' } })).totalCount).toBe(4)
    const { errors } = await api.ask(tenant.token, query, {
      filter: { within: 'PT1H', from: '2026-01-01T00:00:00Z' },
    })
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'filter.within' })
  })

  it('shows a token of one workspace that workspace alone, and another organization nothing', async () => {
    expect(await readUsage({}, await issueToken(tenant.workspaceId))).toMatchObject({
      totalCount: 2,
      totals: { requests: 2, costNanoUsd: '7000000000' },
    })
    expect(await readUsage({}, stranger.token)).toMatchObject({
      totalCount: 0,
      totals: { requests: 0, costNanoUsd: '0' },
    })
  })

  it('is summed by the asked dimensions, in their order', async () => {
    const document = `query ($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {
      usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {
        from outcome team { id } totals { requests costNanoUsd } } }`
    const summarize = (groupBy: string[], asked: object) =>
      api.ask(tenant.token, document, { groupBy, ...asked })
    const { data } = await summarize(['OUTCOME'], { interval: 'DAY' })
    const common = { from: '2026-11-22T00:00:00.000Z', team: null }
    expect(data?.usageSummary).toEqual([
      { ...common, outcome: 'denied', totals: { requests: 1, costNanoUsd: '0' } },
      { ...common, outcome: 'succeeded', totals: { requests: 3, costNanoUsd: '12000000000' } },
    ])
    const { data: narrow } = await summarize(['OUTCOME'], { filter: { teamIds: ['team_2'] } })
    expect(narrow?.usageSummary).toEqual([
      { from: null, team: null, outcome: 'succeeded', totals: { requests: 1, costNanoUsd: '4000000000' } },
    ])
    for (const groupBy of [[], ['TEAM', 'TEAM']]) {
      const { errors } = await summarize(groupBy, {})
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'groupBy' })
    }
  })

  it('cannot be changed once it is written', async () => {
    const { database } = api.controlPlane
    for (const sql of ['update usage_records set cost_nano_usd = 0', 'delete from usage_records']) {
      await expect(database.transaction(tenant.organizationId, (em) => em.execute(sql))).rejects.toThrow(
        /permission denied/,
      )
    }
  })
})
