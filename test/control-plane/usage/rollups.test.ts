import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallFinished } from '../../../contract/events.ts'
import type { TransactionOptions } from '../../../control-plane/db/database.ts'
import { grains } from '../../../control-plane/modules/usage/grains.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { rollups, rollupsWith, usageColumns } from '../../../control-plane/modules/usage/rollups.ts'
import { sumCalls } from '../../../control-plane/modules/usage/unsummed.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { callFinished } from '../spending-data-plane.ts'
import { countedSums, keptSums } from './kept-sums.ts'
import { sumAllCalls } from './sum-all-calls.ts'

let api: TestApi
let tenant: Tenant
const midnight = Date.parse('2025-12-30T00:00:00Z')
const hour = 3_600_000

/** Calls of three days, of two years, that differ in all that sums are kept by, absent values included. */
function variedCalls(workspaceId: string): CallFinished[] {
  return Array.from({ length: 120 }, (_, index) =>
    callFinished({
      workspaceId: index % 11 === 0 ? null : workspaceId,
      virtualKeyId: index % 7 === 0 ? null : `vk_${index % 5}`,
      userId: index % 3 === 0 ? null : `usr_${index % 4}`,
      teamId: index % 5 === 0 ? null : `team_${index % 3}`,
      customerId: `cus_${index % 2}`,
      providerId: index % 6 === 0 ? null : `prov_${index % 2}`,
      requestedModel: `model-${index % 3}`,
      outcome: index % 4 === 0 ? 'denied' : 'succeeded',
      costNanoUsd: index * 1_000_003,
      startedAt: midnight + index * (hour / 2) + index,
    }),
  )
}

function record(
  calls: readonly CallFinished[],
  { organizationId }: Tenant = tenant,
): Promise<ReadonlySet<string>> {
  const reported = calls.map((call) => ({ dataPlaneId: 'dp_1', call }))
  return api.controlPlane.database.transaction(organizationId, (em) =>
    recordUsage(em, organizationId, reported),
  )
}

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  const calls = variedCalls(tenant.workspaceId)
  await record(calls.slice(0, 80))
  // Delivered twice: as a whole, within one batch, and together with new ones.
  expect((await record(calls.slice(0, 80))).size).toBe(0)
  await sumCalls(api.controlPlane.database, tenant.organizationId, 50)
  expect((await record([...calls.slice(60), ...calls.slice(100)])).size).toBe(40)
  await sumAllCalls(api.controlPlane.database, tenant.organizationId)
})
afterAll(() => api.close())

it.each(rollups)(
  '$table has the sums of the calls, each once however often it was delivered',
  async (rollup) => {
    const read = (sql: string) =>
      api.controlPlane.database.transaction(tenant.organizationId, (em) => em.execute<object[]>(sql))
    const kept = await read(keptSums(rollup))
    expect(kept.length).toBeGreaterThan(1)
    expect(kept).toEqual(await read(countedSums(rollup)))
  },
)

it('whatever columns are asked for, sums are read from the smallest tables that have them all', () => {
  const subsets = Array.from({ length: 2 ** usageColumns.length }, (_, bits) =>
    usageColumns.filter((_column, index) => (bits >> index) & 1),
  )
  for (const wanted of subsets) {
    const chosen = rollupsWith(wanted)
    const capable = rollups.filter(({ dimensions }) => wanted.every((column) => dimensions.includes(column)))
    const name = wanted.join(', ')
    const order = chosen.map(({ grain }) => grains.indexOf(grain))
    expect(order, name).toEqual([...order].sort())
    expect(new Set(order).size, name).toBe(order.length)
    expect(
      chosen.map((rollup) => rollups.indexOf(rollup)),
      `${name}: a coarser grain has fewer rows`,
    ).toEqual(chosen.map((rollup) => rollups.indexOf(rollup)).sort((a, b) => a - b))
    for (const rollup of capable) {
      // None that is as coarse, or finer, has fewer rows; what is left out would not have been smaller.
      const best = chosen.find(({ grain }) => grains.indexOf(grain) >= grains.indexOf(rollup.grain))
      const atLeastAsGood = best !== undefined && rollups.indexOf(best) <= rollups.indexOf(rollup)
      expect(atLeastAsGood || chosen.includes(rollup), `${name}: ${rollup.table}`).toBe(true)
    }
    expect(
      chosen.some(({ grain }) => grain === 'hour'),
      name,
    ).toBe(true)
  }
  expect(rollupsWith(['request_id'])).toEqual([])
})

describe.each(rollups)('row-level security alone, of $table', ({ table, dimensions }) => {
  const readAs = (options: TransactionOptions) =>
    api.controlPlane.database.transaction(
      tenant.organizationId,
      (em) => em.execute<{ user_id?: string | null }[]>(`select * from ${table}`),
      options,
    )

  it('shows whoever sees only their own calls no sum of others', async () => {
    const user = { id: 'usr_1', teamIds: [] }
    const rows = await readAs({ rows: { scope: 'own', actorId: 'tok_1', user } })
    const namesUsers = dimensions.includes('user_id')
    expect(new Set(rows.map(({ user_id }) => user_id))).toEqual(new Set(namesUsers ? ['usr_1'] : []))
  })

  it('shows nothing of another workspace', async () => {
    expect(await readAs({ workspaceIds: ['ws_other'] })).toEqual([])
    expect(await readAs({ workspaceIds: [tenant.workspaceId] })).not.toEqual([])
  })
})

it('control planes that take in calls of the same days at once lose none, and never wait for each other in a ring', async () => {
  const busy = await api.createTenant('Busy')
  // Of many sizes: what the database groups without an order, it groups in another one each time.
  const batches = Array.from({ length: 60 }, (_, index) =>
    variedCalls(busy.workspaceId).filter((_call, at) => (at * 7 + index) % (1 + (index % 13)) === 0),
  )
  const { database } = api.controlPlane
  await Promise.all(
    batches.flatMap((calls) => [record(calls, busy), sumCalls(database, busy.organizationId, 300)]),
  )
  await Promise.all(batches.map(() => sumCalls(database, busy.organizationId, 300)))
  await sumAllCalls(database, busy.organizationId)
  for (const { table } of rollups) {
    const [row] = await api.controlPlane.database.transaction(busy.organizationId, (em) =>
      em.execute<{ requests: string }[]>(`select sum(requests) as requests from ${table}`),
    )
    expect(Number(row?.requests), table).toBe(batches.flat().length)
  }
})

it('whoever asks while calls are being summed finds each of them once', async () => {
  const moving = await api.createTenant('Moving')
  const { database } = api.controlPlane
  const calls = Array.from({ length: 20 }, () => variedCalls(moving.workspaceId)).flat()
  await record(calls, moving)
  const query = '{ usageSummary(groupBy: [ORGANIZATION]) { totals { requests } } }'
  let isSumming = true
  const summing = (async () => {
    while (await sumCalls(database, moving.organizationId, 40));
    isSumming = false
  })()
  let asked = 0
  while (isSumming || asked === 0) {
    const { data } = await api.ask(moving.token, query)
    expect(data).toEqual({ usageSummary: [{ totals: { requests: calls.length } }] })
    asked++
  }
  await summing
  expect(asked).toBeGreaterThan(1)
})

describe('sums of part of a day are those of its calls', () => {
  const at = (offset: number) => new Date(midnight + offset).toISOString()

  it.each([
    ['less than a day', 5 * hour, 9 * hour],
    ['across midnight, no day whole', 20 * hour, 30 * hour],
    ['a day exactly', 0, 24 * hour],
    ['a day and parts of its neighbours', 10 * hour, 60 * hour],
    ['a day and part of the one before', 10 * hour, 48 * hour],
  ])('%s', async (_, from, to) => {
    const expected = variedCalls(tenant.workspaceId).filter(
      ({ startedAt }) => startedAt >= midnight + from && startedAt < midnight + to,
    )
    const query = `query($filter: UsageFilter, $sums: UsageSummaryFilter) {
      usage(filter: $filter) { totalCount totals { requests costNanoUsd } }
      usageSummary(groupBy: [OUTCOME], interval: DAY, filter: $sums) { totals { requests } }
    }`
    const filter = { from: at(from), to: at(to) }
    const { data } = await api.ask(tenant.token, query, { filter, sums: filter })
    const cost = expected.reduce((sum, { costNanoUsd }) => sum + BigInt(costNanoUsd), 0n)
    expect(data).toMatchObject({
      usage: {
        totalCount: expected.length,
        totals: { requests: expected.length, costNanoUsd: String(cost) },
      },
    })
    const groups = (data as { usageSummary: { totals: { requests: number } }[] } | null)?.usageSummary ?? []
    expect(groups.reduce((sum, { totals }) => sum + totals.requests, 0)).toBe(expected.length)
  })
})
