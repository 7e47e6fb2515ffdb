import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CallFinished, callOutcomes } from '../../../contract/events.ts'
import { Actor } from '../../../control-plane/actor.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { type UsageInterval, usageIntervals } from '../../../control-plane/modules/usage/intervals.ts'
import {
  summarizeUsage,
  type UsageDimension,
  type UsageQuery,
} from '../../../control-plane/modules/usage/summary.ts'
import { sumCalls } from '../../../control-plane/modules/usage/unsummed.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import { callFinished } from '../spending-data-plane.ts'

let api: TestApi
let tenant: Tenant
let calls: readonly CallFinished[]
/** Within a week before it the sums of minutes are read. */
const now = Date.parse('2026-11-22T17:23:41.123Z')
const day = 86_400_000
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe']
const seeds = 60

/** Calls of 70 days, most of them of the last one, that differ in all that there is to group by, absent values included. */
function variedCalls(workspaceId: string): CallFinished[] {
  const pick = (index: number, of: number, prefix: string) =>
    index % 11 === 0 ? null : `${prefix}_${(index * 7_919) % of}`
  return Array.from({ length: 400 }, (_, index) =>
    callFinished({
      workspaceId: index % 5 === 0 ? 'ws_other' : workspaceId,
      virtualKeyId: pick(index, 5, 'vk'),
      userId: pick(index + 1, 4, 'usr'),
      teamId: pick(index + 2, 3, 'team'),
      businessUnitId: pick(index + 3, 2, 'bu'),
      customerId: pick(index + 4, 2, 'cus'),
      providerId: pick(index + 5, 2, 'prov'),
      requestedModel: pick(index + 6, 3, 'model'),
      upstreamModel: pick(index + 7, 2, 'upstream'),
      outcome: callOutcomes[index % 3] ?? 'unknown',
      inputTokens: index,
      outputTokens: index % 17,
      // Sums exceed what a double holds exactly.
      costNanoUsd: 9_000_000_000_000_000 - index,
      startedAt: Math.floor(now - 70 * day * ((index * 0.618_034) % 1) ** 3),
    }),
  )
}

beforeAll(async () => {
  api = await startApi({ now: () => now })
  tenant = await api.createTenant('Acme')
  calls = variedCalls(tenant.workspaceId)
  const { organizationId } = tenant
  for (const batch of [calls.slice(0, 250), calls.slice(100), calls]) {
    const reported = batch.map((call) => ({ dataPlaneId: 'dp_1', call }))
    await api.controlPlane.database.transaction(organizationId, (em) =>
      recordUsage(em, organizationId, reported),
    )
  }
})
afterAll(() => api.close())

const dimensionOf: Readonly<Record<Exclude<UsageDimension, 'TAG'>, (call: CallFinished) => string | null>> = {
  ORGANIZATION: () => tenant.organizationId,
  WORKSPACE: ({ workspaceId }) => workspaceId,
  CUSTOMER: ({ customerId }) => customerId,
  BUSINESS_UNIT: ({ businessUnitId }) => businessUnitId,
  TEAM: ({ teamId }) => teamId,
  USER: ({ userId }) => userId,
  VIRTUAL_KEY: ({ virtualKeyId }) => virtualKeyId,
  PROVIDER: ({ providerId }) => providerId,
  MODEL: ({ requestedModel }) => requestedModel,
  UPSTREAM_MODEL: ({ upstreamModel }) => upstreamModel,
  OUTCOME: ({ outcome }) => outcome,
}
const dimensions = Object.keys(dimensionOf) as (keyof typeof dimensionOf)[]

function beginOf(startedAt: number, interval: UsageInterval, timeZone: string): number {
  const at = Temporal.Instant.fromEpochMilliseconds(startedAt).toZonedDateTimeISO(timeZone)
  const midnight = at.startOfDay().epochMilliseconds
  if (interval === 'MINUTE') return startedAt - (startedAt % 60_000)
  if (interval === 'HOUR') return startedAt - ((startedAt - midnight) % 3_600_000)
  if (interval === 'DAY') return midnight
  const first = interval === 'MONTH' ? at.with({ day: 1 }) : at.subtract({ days: at.dayOfWeek - 1 })
  return first.startOfDay().epochMilliseconds
}

/** The same sums, call by call. */
function addUp(
  matching: readonly CallFinished[],
  { groupBy, interval, timeZone = 'UTC' }: UsageQuery,
): object {
  const groups = new Map<
    string,
    { requests: number; inputTokens: number; outputTokens: number; costNanoUsd: bigint }
  >()
  for (const call of matching) {
    const begin = interval ? new Date(beginOf(call.startedAt, interval, timeZone)) : null
    const values = groupBy.map((dimension) => dimensionOf[dimension as keyof typeof dimensionOf](call))
    const key = JSON.stringify([begin, ...values])
    const sums = groups.get(key) ?? { requests: 0, inputTokens: 0, outputTokens: 0, costNanoUsd: 0n }
    groups.set(key, {
      requests: sums.requests + 1,
      inputTokens: sums.inputTokens + call.inputTokens,
      outputTokens: sums.outputTokens + call.outputTokens,
      costNanoUsd: sums.costNanoUsd + BigInt(call.costNanoUsd),
    })
  }
  return Object.fromEntries(groups)
}

async function summarize(actor: Actor, query: UsageQuery): Promise<object> {
  const groups = await summarizeUsage(api.controlPlane.services, actor, query)
  const keyed = groups.map(({ from, values, totals }) => [
    JSON.stringify([from, ...query.groupBy.map((dimension) => values[dimension] ?? null)]),
    totals,
  ])
  expect(new Set(keyed.map(([key]) => key)).size, 'groups that differ').toBe(keyed.length)
  return Object.fromEntries(keyed) as object
}

const actorWith = (rowScope: 'own' | 'team' | 'all', workspaceIds: readonly string[] | null = null) =>
  new Actor({
    assurance: null,
    kind: 'api_token',
    id: 'tok_1',
    name: 'reader',
    organizationId: tenant.organizationId,
    roleId: 'role_1',
    rights: { permissions: new Set(['usage:view']), workspaceIds, rowScope },
    user: { id: 'usr_1', teamIds: ['team_1'] },
  })

/** Minutes and hours are asked for of the last day and a half: they would be too many. */
const query = fc
  .record({
    groupBy: fc.subarray(dimensions, { maxLength: 4 }),
    interval: fc.option(fc.constantFrom(...usageIntervals), { nil: undefined }),
    timeZone: fc.constantFrom(...zones),
    from: fc.option(fc.integer({ min: now - 75 * day, max: now }), { nil: undefined }),
    to: fc.option(fc.integer({ min: now - 75 * day, max: now + day }), { nil: undefined }),
    userIds: fc.option(fc.subarray(['usr_0', 'usr_1', 'usr_2']), { nil: undefined }),
    models: fc.option(fc.constant(['model_1']), { nil: undefined }),
    outcomes: fc.option(fc.subarray(['succeeded', 'denied'] as const), { nil: undefined }),
  })
  .filter(({ groupBy, interval }) => groupBy.length > 0 || interval !== undefined)
  .map(({ groupBy, interval, timeZone, from, to, ...filter }): UsageQuery => {
    const isFine = interval === 'MINUTE' || interval === 'HOUR'
    const begin = isFine ? Math.max(from ?? 0, now - 1.3 * day) : from
    const end = isFine && to !== undefined ? Math.min(to, now) : to
    return {
      groupBy,
      ...(interval && { interval, timeZone }),
      filter: {
        ...filter,
        ...(begin !== undefined && { from: new Date(begin) }),
        ...(end !== undefined && { to: new Date(end) }),
      },
    }
  })

function matches({ filter }: UsageQuery): (call: CallFinished) => boolean {
  const { from, to, userIds, models, outcomes } = filter
  const among = (values: readonly string[] | null | undefined, value: string | null) =>
    values == null || (value !== null && values.includes(value))
  return (call) =>
    among(userIds, call.userId) &&
    among(models, call.requestedModel) &&
    among(outcomes, call.outcome) &&
    call.startedAt >= (from?.getTime() ?? 0) &&
    call.startedAt < (to?.getTime() ?? Infinity)
}

describe('sums equal those of the calls to the nano-dollar, however they are grouped and cut', () => {
  const isOwn = ({ userId }: CallFinished) => userId === 'usr_1'
  const isOfTeam = (call: CallFinished) => isOwn(call) || call.teamId === 'team_1'

  it.each([
    ['all', () => actorWith('all'), () => true],
    [
      'those of a workspace',
      () => actorWith('all', ['ws_other']),
      ({ workspaceId }) => workspaceId === 'ws_other',
    ],
    ['one’s own', () => actorWith('own'), isOwn],
    ['those of one’s team', () => actorWith('team'), isOfTeam],
  ] satisfies [string, () => Actor, (call: CallFinished) => boolean][])('%s', async (_, actor, sees) => {
    const { database } = api.controlPlane
    const asProperty = fc.asyncProperty(query, async (one) => {
      // From none in the sums to all of them, in the order of time, those of the newest batch among them.
      await sumCalls(database, tenant.organizationId, 3)
      expect(await summarize(actor(), one)).toEqual(addUp(calls.filter(sees).filter(matches(one)), one))
    })
    await fc.assert(asProperty, { numRuns: seeds })
  })
})
