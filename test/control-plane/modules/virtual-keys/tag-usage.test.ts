import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordUsage } from '../../../../control-plane/modules/usage/index.ts'
import { callFinished } from '../../spending-data-plane.ts'
import { sumAllCalls } from '../../usage/sum-all-calls.ts'
import { startTenantApi, type TenantApi } from '../tenant-api.ts'
import { KeyApi, updateKey } from './key-api.ts'

let context: TenantApi
let keys: KeyApi
beforeAll(async () => {
  context = await startTenantApi()
  keys = await KeyApi.start(context)
})
afterAll(() => context.close())

interface Group {
  readonly from: string | null
  readonly tag: string | null
  readonly model: string | null
  readonly totals: { readonly requests: number; readonly costNanoUsd: string }
}

async function sumsBy(groupBy: string, more = ''): Promise<Record<string, unknown>> {
  const { usageSummary } = await context.query<{ usageSummary: readonly Group[] }>(
    `{ usageSummary(groupBy: [${groupBy}] ${more}) { from tag model totals { requests costNanoUsd } } }`,
  )
  return Object.fromEntries(
    usageSummary.map(({ from, tag, model, totals }) => [
      [from, tag, model].filter((value) => value !== null).join(' ') || 'none',
      [totals.requests, totals.costNanoUsd],
    ]),
  )
}

it('calls are summed once for each tag that their key has now, and once as those of none', async () => {
  const both = await keys.issue({ tags: ['env:prod', 'team:ci'] })
  const one = await keys.issue({ tags: ['team:ci'] })
  const none = await keys.issue({})
  const { database } = context.api.controlPlane
  const { organizationId } = context.tenant
  const calls = [both, both, one, none, 'vk_deleted', null].map((virtualKeyId, index) =>
    callFinished({
      virtualKeyId,
      startedAt: Date.parse('2026-03-31T23:00:00Z') + index * 1_800_000,
      requestedModel: `m${index % 2}`,
      costNanoUsd: 10 ** index,
    }),
  )
  await database.transaction(organizationId, (em) =>
    recordUsage(
      em,
      organizationId,
      calls.map((call) => ({ dataPlaneId: 'dp_1', call })),
    ),
  )
  const expected = {
    'env:prod': [2, '11'],
    'team:ci': [3, '111'],
    none: [3, '111000'],
  }
  const check = async () => {
    expect(await sumsBy('TAG')).toEqual(expected)
    expect(await sumsBy('TAG, MODEL')).toEqual({
      'env:prod m0': [1, '1'],
      'env:prod m1': [1, '10'],
      'team:ci m0': [2, '101'],
      'team:ci m1': [1, '10'],
      m0: [1, '10000'],
      m1: [2, '101000'],
    })
    expect(await sumsBy('TAG', 'interval: MONTH, filter: { tags: ["team:ci"] }')).toEqual({
      '2026-03-01T00:00:00.000Z env:prod': [2, '11'],
      '2026-03-01T00:00:00.000Z team:ci': [2, '11'],
      '2026-04-01T00:00:00.000Z team:ci': [1, '100'],
    })
  }
  await check()
  await sumAllCalls(database, organizationId)
  await check()

  await context.mutate(updateKey, { id: one, tags: ['env:prod'] })
  expect(await sumsBy('TAG')).toEqual({ 'env:prod': [3, '111'], 'team:ci': [2, '11'], none: [3, '111000'] })
})
