import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTeam, type Mutation, startTenantApi, type TenantApi } from '../tenant-api.ts'

const setLimit: Mutation = {
  field: 'setRequestLimit',
  input: 'SetRequestLimitInput',
  selection: '... on RequestLimit { id maxRequests windowSeconds }',
}
const addLimit: Mutation = { ...setLimit, field: 'addRequestLimit', input: 'AddRequestLimitInput' }
const updateLimit: Mutation = { ...setLimit, field: 'updateRequestLimit', input: 'UpdateRequestLimitInput' }
const removeLimit: Mutation = {
  field: 'removeRequestLimit',
  input: 'ByIdInput',
  selection: '... on Deleted { id }',
}

let context: TenantApi
let teamId: string
beforeAll(async () => {
  context = await startTenantApi()
  teamId = (await context.mutate(createTeam, { workspaceId: context.tenant.workspaceId, name: 'team' })).id
})
afterAll(() => context.close())

describe('request limits', () => {
  it('an owner has one, shown on the owner and told to data planes', async () => {
    const first = await context.mutate(setLimit, { owner: { teamId }, maxRequests: 10, windowSeconds: 60 })
    const second = await context.mutate(setLimit, { owner: { teamId }, maxRequests: 20, windowSeconds: 1 })
    expect(second).toMatchObject({ id: first.id, maxRequests: 20, windowSeconds: 1 })
    const { team } = await context.query<{ team: { requestLimits: object[] } }>(
      'query($id: ID!) { team(id: $id) { requestLimits { maxRequests windowSeconds } } }',
      { id: teamId },
    )
    expect(team.requestLimits).toEqual([{ maxRequests: 20, windowSeconds: 1 }])
    expect(await context.configured('request_limit')).toEqual([
      {
        kind: 'request_limit',
        id: first.id,
        owner: { kind: 'team', id: teamId },
        maxRequests: 20,
        windowSeconds: 1,
      },
    ])
    expect(await context.audited('request_limit.set')).toMatchObject({
      before: { maxRequests: 10, maxTokens: null, windowSeconds: 60 },
      after: { maxRequests: 20, maxTokens: null, windowSeconds: 1 },
    })
    await context.mutate(removeLimit, { id: first.id })
    expect(await context.configured('request_limit')).toEqual([])
  })

  it('one may count tokens beside calls or instead of them', async () => {
    const owner = { teamId }
    const both = await context.mutate(setLimit, {
      owner,
      maxRequests: 10,
      maxTokens: 5_000,
      windowSeconds: 60,
    })
    const document = { kind: 'request_limit', id: both.id, owner: { kind: 'team', id: teamId } }
    expect(await context.configured('request_limit')).toEqual([
      { ...document, maxRequests: 10, maxTokens: 5_000, windowSeconds: 60 },
    ])
    await context.mutate(updateLimit, { id: both.id, maxRequests: null })
    expect(await context.configured('request_limit')).toEqual([
      { ...document, maxTokens: 5_000, windowSeconds: 60 },
    ])
    expect(await context.audited('request_limit.updated')).toMatchObject({
      before: { maxRequests: 10, maxTokens: 5_000 },
      after: { maxRequests: null, maxTokens: 5_000 },
    })
    expect(await context.refusal(updateLimit, { id: both.id, maxTokens: null })).toMatch(
      /^maxRequests: limits nothing: give "maxRequests", "maxTokens" or both/,
    )
    await context.mutate(removeLimit, { id: both.id })
  })

  it('an owner may have one for each length of window, at most eight', async () => {
    const owner = { teamId }
    const add = (windowSeconds: number) => context.mutate(addLimit, { owner, maxRequests: 5, windowSeconds })
    const limits = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(add))
    expect(new Set(limits.map(({ id }) => id)).size).toBe(8)
    expect(await context.refusal(addLimit, { owner, maxRequests: 5, windowSeconds: 9 })).toMatch(
      /^owner: has 8 request limits already/,
    )
    const [first, second, ...rest] = limits
    expect(await context.mutate(updateLimit, { id: first?.id, windowSeconds: 2 })).toMatchObject({
      code: 'WINDOW_TAKEN',
    })
    expect(await context.mutate(updateLimit, { id: second?.id, maxRequests: 6 })).toMatchObject({
      maxRequests: 6,
      windowSeconds: 2,
    })
    expect(await context.mutate(setLimit, { owner, maxRequests: 1, windowSeconds: 1 })).toMatchObject({
      code: 'SEVERAL_REQUEST_LIMITS',
    })
    for (const { id } of rest) await context.mutate(removeLimit, { id })
    expect(await add(2)).toMatchObject({ code: 'WINDOW_TAKEN' })
  })

  it.each([
    [{ maxRequests: 0, windowSeconds: 60 }, /^maxRequests: must be an integer from 1/],
    [{ windowSeconds: 60 }, /^maxRequests: limits nothing/],
    [{ maxTokens: 0, windowSeconds: 60 }, /^maxTokens: must be an integer from 1 to 2147483647/],
    [{ maxRequests: 1, windowSeconds: 0 }, /^windowSeconds: must be an integer from 1 to 2678400/],
    [{ maxRequests: 1, windowSeconds: 2_678_401 }, /^windowSeconds: must be an integer from 1 to 2678400/],
  ])('%o is refused with the field and its bounds', async (bounds, message) => {
    expect(await context.refusal(setLimit, { owner: { teamId }, ...bounds })).toMatch(message)
  })

  it('an owner that does not exist is refused', async () => {
    const lost = { owner: { virtualKeyId: 'vk_none' }, maxRequests: 1, windowSeconds: 1 }
    expect(await context.mutate(setLimit, lost)).toMatchObject({ code: 'NOT_FOUND' })
    const nobody = { owner: { organization: false }, maxRequests: 1, windowSeconds: 1 }
    expect(await context.refusal(setLimit, nobody)).toMatch(/^owner: names nobody/)
  })
})
