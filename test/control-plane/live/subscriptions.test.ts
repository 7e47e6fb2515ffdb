import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallFinished } from '../../../contract/events.ts'
import { recordNodeReports } from '../../../control-plane/ingest/node-reports.ts'
import { recordCrossings } from '../../../control-plane/modules/budgets/index.ts'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'
import { callFinished } from '../spending-data-plane.ts'
import { type StreamedResult, type Subscriber, subscribe } from './event-stream.ts'

let api: TestApi
let tenant: Tenant
let stranger: Tenant
const open: Subscriber[] = []

beforeAll(async () => {
  api = await startApi()
  tenant = await api.createTenant('Acme')
  stranger = await api.createTenant('Stranger')
})
afterAll(async () => {
  for (const subscriber of open) await subscriber.close()
  await api.close()
})

async function follow(query: string, token = tenant.token, variables: object = {}): Promise<Subscriber> {
  const subscriber = await subscribe(api.controlPlane.url, token, query, variables)
  open.push(subscriber)
  return subscriber
}

function followUsage(token = tenant.token, variables: object = {}): Promise<Subscriber> {
  const document = `subscription($filter: UsageFilter, $after: ID) {
    usageRecorded(filter: $filter, after: $after) { id attemptId virtualKey { name } } }`
  return follow(document, token, variables)
}

async function record(calls: readonly CallFinished[], { organizationId } = tenant): Promise<void> {
  await api.controlPlane.database.transaction(organizationId, (em) =>
    recordUsage(
      em,
      organizationId,
      calls.map((call) => ({ dataPlaneId: 'dp_1', call })),
    ),
  )
}

const own = (facts: Partial<CallFinished> = {}) => callFinished({ workspaceId: tenant.workspaceId, ...facts })
const attemptOf = (result: StreamedResult | undefined) =>
  (result?.data?.usageRecorded as { attemptId: string } | undefined)?.attemptId ?? result?.errors

const idOf = (result: StreamedResult | undefined) =>
  (result?.data?.usageRecorded as { id: string } | undefined)?.id

async function issueToken(input: object): Promise<{ id: string; secret: string }> {
  const document = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) {
    ... on IssuedApiToken { secret apiToken { id } } } }`
  const { data } = await api.ask(tenant.token, document, {
    input: { name: 'live', role: 'VIEWER', ...input },
  })
  const issued = read<{ secret: string; apiToken: { id: string } }>(data, 'issueApiToken')
  return { id: issued.apiToken.id, secret: issued.secret }
}

const revoke = (id: string) =>
  api.ask(tenant.token, 'mutation($id: ID!) { revokeApiToken(input: { id: $id }) { __typename } }', { id })

describe('budgetThresholdCrossed', () => {
  it('tells whoever follows the budget which share of its limit is spent, and nobody else', async () => {
    const created = await api.ask(
      tenant.token,
      `mutation($input: SetBudgetInput!) { setBudget(input: $input) { ... on Budget { id } } }`,
      { input: { owner: { organization: true }, limit: '1000', period: 'NONE' } },
    )
    const { id: budgetId } = read<{ id: string }>(created.data, 'setBudget')
    const document = `subscription($budgetId: ID) {
      budgetThresholdCrossed(budgetId: $budgetId) { percent limit settled budget { id } } }`
    const subscriber = await follow(document, tenant.token, { budgetId })
    const crossing = (id: string, percent: number) => ({
      ...{ workspaceId: null, budgetId: id, ownerKind: 'organization' as const, percent, at: new Date() },
      ...{ ownerId: tenant.organizationId, windowStartsAt: new Date(0), windowEndsAt: null },
      ...{ limitNanoUsd: '1000', settledNanoUsd: String(percent * 10) },
    })
    await api.controlPlane.database.transaction(tenant.organizationId, (em) =>
      recordCrossings(em, tenant.organizationId, [crossing('bud_of_another', 50), crossing(budgetId, 80)]),
    )
    const told = { percent: 80, limit: '1000', settled: '800', budget: { id: budgetId } }
    expect((await subscriber.next())?.data?.budgetThresholdCrossed).toEqual(told)
  })
})

describe('a subscription', () => {
  it('tells each call once, in the order of commits, and nothing from before it began', async () => {
    await record([own()])
    const subscriber = await followUsage()
    const calls = [own(), own(), own()]
    for (const call of calls) await record([call])
    for (const { attemptId } of calls) expect(attemptOf(await subscriber.next())).toBe(attemptId)
  })

  it('misses no row that is committed after one with a higher id', async () => {
    const subscriber = await followUsage()
    // Of another day: two that add to the same day's sums wait for each other.
    const [early, late] = [own({ startedAt: Date.now() - 2 * 86_400_000 }), own()]
    const { database } = api.controlPlane
    await database.transaction(tenant.organizationId, async (em) => {
      await recordUsage(em, tenant.organizationId, [{ dataPlaneId: 'dp_1', call: early }])
      await record([late])
    })
    expect([attemptOf(await subscriber.next()), attemptOf(await subscriber.next())]).toEqual([
      early.attemptId,
      late.attemptId,
    ])
  })

  it('is resumed behind the last event that was received', async () => {
    const first = await followUsage()
    const calls = [own(), own(), own()]
    await record(calls.slice(0, 1))
    const after = idOf(await first.next())
    await first.close()
    await record(calls.slice(1))
    const second = await followUsage(tenant.token, { after })
    expect([attemptOf(await second.next()), attemptOf(await second.next())].toSorted()).toEqual(
      calls
        .slice(1)
        .map(({ attemptId }) => attemptId)
        .toSorted(),
    )
  })

  it('refuses to resume behind what another organization has', async () => {
    const theirs = await followUsage(stranger.token)
    await record([callFinished()], stranger)
    for (const after of [idOf(await theirs.next()), 'call_01ARZ3NDEKTSV4RRFFQ69G5FAV']) {
      const subscriber = await follow(
        'subscription($after: ID) { usageRecorded(after: $after) { id } }',
        tenant.token,
        { after },
      )
      expect((await subscriber.next())?.errors?.[0]).toMatchObject({
        message: 'after: names no event that you may see',
        extensions: { code: 'BAD_USER_INPUT' },
      })
    }
  })

  it('takes the same filter as the list', async () => {
    const subscriber = await followUsage(tenant.token, { filter: { teamId: 'team_wanted' } })
    const wanted = own({ teamId: 'team_wanted' })
    await record([own(), own(), wanted])
    expect(attemptOf(await subscriber.next())).toBe(wanted.attemptId)
  })

  it('says that it lives while nothing happens', async () => {
    const subscriber = await followUsage()
    const next = subscriber.next()
    await expect.poll(() => subscriber.heartbeats, { timeout: 30_000 }).toBeGreaterThan(1)
    await record([own()])
    await next
  })

  it('is let go when its caller is gone', async () => {
    const { secret } = await issueToken({})
    // Each would count against the token's limit for as long as the server held it.
    for (let count = 0; count < 60; count++) {
      const subscriber = await followUsage(secret)
      await record([own()])
      expect(attemptOf(await subscriber.next())).toEqual(expect.any(String))
      await subscriber.close()
    }
  })
})

describe('tenancy', () => {
  it('never tells of another organization or of a workspace that the token does not reach', async () => {
    const confined = await issueToken({ workspaceId: tenant.workspaceId })
    const subscribers = [await followUsage(stranger.token), await followUsage(confined.secret)]
    const elsewhere = own({ workspaceId: 'ws_other' })
    const theirs = callFinished()
    const inWorkspace = own()
    await record([elsewhere])
    await record([theirs], stranger)
    await record([inWorkspace])
    expect(attemptOf(await subscribers[0]?.next())).toBe(theirs.attemptId)
    expect(attemptOf(await subscribers[1]?.next())).toBe(inWorkspace.attemptId)
  })
})

describe('authorisation', () => {
  it('a revoked token ends the stream with an error, before the next event', async () => {
    const { id, secret } = await issueToken({})
    const subscriber = await followUsage(secret)
    await record([own()])
    expect((await subscriber.next())?.errors).toBeUndefined()
    await revoke(id)
    await record([own()])
    expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(await subscriber.next()).toBeUndefined()
  })

  it('a revoked token ends a stream on which nothing happens', async () => {
    const { id, secret } = await issueToken({})
    const subscriber = await followUsage(secret)
    await revoke(id)
    expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('an expired token ends the stream', async () => {
    let nowMs = Date.now()
    const other = await startApi({ now: () => nowMs })
    const { token } = await other.createTenant('Acme')
    const issue = `mutation($at: DateTime!) { issueApiToken(input: { name: "short", role: VIEWER, expiresAt: $at }) {
      ... on IssuedApiToken { secret } } }`
    const { data } = await other.ask(token, issue, { at: new Date(nowMs + 60_000).toISOString() })
    const { secret } = read<{ secret: string }>(data, 'issueApiToken')
    const subscriber = await subscribe(
      other.controlPlane.url,
      secret,
      'subscription { usageRecorded { id } }',
    )
    nowMs += 61_000
    expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' })
    await other.close()
  })

  it('needs the permission of the list', async () => {
    const { secret } = await issueToken({})
    const subscriber = await follow('subscription { auditRecorded { id } }', secret)
    expect((await subscriber.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('one token may hold so many streams and no more', async () => {
    const { secret } = await issueToken({})
    const held: Subscriber[] = []
    for (let count = 0; count < 20; count++) held.push(await followUsage(secret))
    const refused = await follow('subscription { usageRecorded { id } }', secret)
    expect((await refused.next())?.errors?.[0]?.extensions).toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' })
    for (const subscriber of held) await subscriber.close()
  })
})

describe('what can be followed', () => {
  it('audit events', async () => {
    const subscriber = await follow('subscription { auditRecorded { type actor { name } } }')
    await issueToken({})
    expect((await subscriber.next())?.data).toEqual({
      auditRecorded: { type: 'api_token.issued', actor: { name: 'test' } },
    })
  })

  it('which data plane applies which revision, and how each one is', async () => {
    const { organizationId } = tenant
    const { database } = api.controlPlane
    await database.transaction(organizationId, (em) =>
      em.execute(
        `insert into data_planes (id, org_id, name, version, signing_key, sealing_key, enrolled_at)
         values ('dp_live', ?, 'eu-1', '0.0.0', '{}', '{}', now())`,
        [organizationId],
      ),
    )
    const applied = await follow(
      'subscription { configurationApplied { epoch revision dataPlane { name } } }',
    )
    const health = await follow(
      'subscription { dataPlaneHealth { connection dataPlane { name status lastError } } }',
    )
    expect((await health.next())?.data).toEqual({
      dataPlaneHealth: {
        connection: 'AWAITING',
        dataPlane: { name: 'eu-1', status: 'AWAITING', lastError: null },
      },
    })
    const report = (appliedRevision: number, at: number) =>
      database.transaction(organizationId, (em) =>
        recordNodeReports(em, organizationId, [batchOf(organizationId, appliedRevision, at)], Date.now()),
      )
    await report(7, 1)
    await report(7, 2)
    await report(8, 3)
    const revisions = [await applied.next(), await applied.next()].map((result) => result?.data)
    expect(revisions).toEqual(
      [7, 8].map((revision) => ({
        configurationApplied: { epoch: 1, revision, dataPlane: { name: 'eu-1' } },
      })),
    )
    expect((await health.next())?.data).toEqual({
      dataPlaneHealth: {
        connection: 'CONNECTED',
        dataPlane: { name: 'eu-1', status: 'APPLIED', lastError: null },
      },
    })
  })
})

function batchOf(organizationId: string, appliedRevision: number, at: number) {
  const event = {
    ...({ type: 'node.reported', at, version: '0.0.0', status: 'applied', error: null } as const),
    plugins: [],
    ...{ appliedEpoch: 1, appliedRevision, appliedHash: 'a'.repeat(64) },
  }
  return {
    format: 1 as const,
    organizationId,
    dataPlaneId: 'dp_live',
    incarnation: 'i',
    sequence: at,
    events: [event],
  }
}
