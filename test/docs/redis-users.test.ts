import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EmbeddedRedis } from '../../cli/embedded/redis.ts'
import { channels } from '../../contract/channels.ts'
import { RedisSessionStore } from '../../control-plane/sessions/redis-store.ts'
import type { StoredSession } from '../../control-plane/sessions/session-store.ts'
import { openTenantConnections } from '../../transport/redis/tenant-connections.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { startOwnRedis } from '../environment/index.ts'
import { root } from '../source-tree.ts'
import { eventually } from '../transport/poll.ts'

const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
const password = 'a-password-of-the-test'

let redis: EmbeddedRedis
let gateway: Gateway
let administrator: ReturnType<typeof createClient>

/** The rules of a user as the page gives them, the placeholders filled in. */
function rulesOf(user: string, organizationId = ''): string[] {
  const line = page.split('\n').find((one) => one.startsWith(`user ${user} `))
  if (!line) throw new Error(`docs/operations.md has no user ${user}`)
  const filled = line.replaceAll('<organization>', organizationId).replaceAll('<password>', password)
  // A selector in parentheses is one rule.
  return filled.match(/\([^)]*\)|\S+/g)?.slice(2) ?? []
}

function urlOf(user: string): string {
  return redis.url.replace('redis://', `redis://${user}:${password}@`)
}

beforeAll(async () => {
  redis = await startOwnRedis()
  administrator = createClient({ url: redis.url })
  await administrator.connect()
  await administrator.aclSetUser('gatehouse-control', rulesOf('gatehouse-control'))
  await administrator.aclSetUser('default', ['reset', 'on', `>${password}`, '~*', '&*', '+@all'])
  gateway = await startGateway({
    redisUrl: urlOf('gatehouse-control'),
    dataPlaneRedisUrl: async (organizationId) => {
      await administrator.aclSetUser('gatehouse-data', rulesOf('gatehouse-data', organizationId))
      return urlOf('gatehouse-data')
    },
  })
}, 60_000)
afterAll(async () => {
  await gateway?.stop()
  administrator?.destroy()
  await redis?.kill()
})

async function chat(secret: string): Promise<number> {
  const response = await fetch(`${gateway.dataPlanes[0]?.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model: 'demo-chat', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await response.arrayBuffer()
  return response.status
}

/** The demo's key has a budget already. */
async function limitRequests(): Promise<void> {
  const { data } = await gateway.graphql<{ virtualKeys: { edges: { node: { id: string } }[] } }>(
    '{ virtualKeys { edges { node { id } } } }',
  )
  const answer = await gateway.graphql(
    `mutation ($id: ID!) { setRequestLimit(input: { owner: { virtualKeyId: $id }, maxRequests: 1000, windowSeconds: 60 }) {
       __typename ... on RequestLimit { maxRequests } ... on Refusal { message } } }`,
    { id: data?.virtualKeys.edges[0]?.node.id },
  )
  expect(answer).toMatchObject({ data: { setRequestLimit: { maxRequests: 1000 } } })
  const limited = await gateway.graphql(
    `mutation ($id: ID!) { updateVirtualKey(input: { id: $id, maxConcurrentCalls: 100 }) {
       __typename ... on VirtualKey { maxConcurrentCalls } ... on Refusal { message } } }`,
    { id: data?.virtualKeys.edges[0]?.node.id },
  )
  expect(limited).toMatchObject({ data: { updateVirtualKey: { maxConcurrentCalls: 100 } } })
}

/** What Redis has counted against the limit. */
async function countedPermits(): Promise<number> {
  const keys = await administrator.keys(channels.limitGrants(gateway.organizationId, '*'))
  return keys.filter((key) => !key.endsWith(':slots')).length
}

/** What Redis holds of calls under way. */
async function heldSlots(): Promise<number> {
  return (await administrator.keys(channels.limitSlots(gateway.organizationId, '*'))).length
}

describe('the Redis users of docs/operations.md', () => {
  it('let both planes do all that they do: nothing of theirs is refused', async () => {
    await limitRequests()
    await eventually('a call under budget and limit', async () => {
      return (
        (await chat(gateway.demo.virtualKey)) === 200 &&
        (await countedPermits()) > 0 &&
        (await heldSlots()) > 0
      )
    })
    await gateway.restartDataPlane(0)
    expect(await chat(gateway.demo.virtualKey)).toBe(200)
    await eventually('the calls in the audit trail', async () => {
      const { data } = await gateway.graphql<{ usage: { totals: { requests: number } } }>(
        '{ usage(filter: { outcome: succeeded }) { totals { requests } } }',
      )
      return (data?.usage.totals.requests ?? 0) >= 2
    })
    const readiness = await fetch(`${gateway.controlPlane.url}/readyz`)
    expect(await readiness.json()).toMatchObject({ status: 'ready', degraded: [] })
    expect(await administrator.sendCommand(['ACL', 'LOG'])).toEqual([])
  })

  it('let the control plane keep sessions, and no data plane read one', async () => {
    const options = { role: 'sessions', log: { info() {}, warn() {} } }
    const connections = openTenantConnections(urlOf('gatehouse-control'), options)
    const store = new RedisSessionStore(connections.connectionOf)
    const { organizationId } = gateway
    const [now, later] = [Date.now(), Date.now() + 120_000]
    const session = (id: string): StoredSession => ({
      ...{ organizationId, userId: 'usr_1', providerId: 'idp_1', id, digest: id, details: '', secrets: '' },
      ...{ subjectTag: 'subject', providerSessionTag: 'session', secretsVersion: 1, refreshingUntil: null },
      ...{ lastSeenAt: now, endsAt: now + 600_000, expiresAt: now + 600_000, checkedAt: now },
    })
    await store.create(session('sess_1'), { most: 1, whenFull: 'evict' }, now)
    await store.create(session('sess_2'), { most: 1, whenFull: 'evict' }, now)
    await store.touch(organizationId, 'sess_2', { now: later, endsAt: later + 600_000 })
    await store.claimRefresh(organizationId, 'sess_2', { expectedVersion: 1, now, until: later })
    await store.releaseRefresh(organizationId, 'sess_2', later)
    await store.storeSecrets(organizationId, 'sess_2', { secrets: 'x', expectedVersion: 1, checkedAt: now })
    await store.replace(organizationId, 'sess_2', session('sess_3'), { expectedVersion: 2, now })
    expect(await store.listOfUsers(organizationId, ['usr_1'], now)).toEqual([session('sess_3')])
    expect(await store.listDue(organizationId, { checkedBefore: later, now, limit: 1 })).toHaveLength(1)
    expect(await store.removeOfUsers(organizationId, ['usr_2'])).toEqual([])
    expect(await store.removeExpired(organizationId, now, 1)).toBe(0)
    const tags = { subjectTag: 'subject', providerSessionTag: null }
    expect(await store.removeByProviderSession(organizationId, 'idp_1', tags)).toMatchObject([
      { id: 'sess_3' },
    ])
    expect(await store.remove(organizationId, 'sess_3')).toBe(false)
    connections.close()

    const client = createClient({ url: urlOf('gatehouse-data') })
    await client.connect()
    for (const attempt of [
      ['HGETALL', channels.session(organizationId, 'sess_1')],
      ['HSET', channels.session(organizationId, 'sess_1'), 'digest', 'forged'],
      ['ZRANGE', channels.sessionsOfUser(organizationId, 'usr_1'), '0', '-1'],
      ['EVAL', "return redis.call('HGETALL', KEYS[1])", '1', channels.session(organizationId, 'sess_1')],
    ])
      await expect(client.sendCommand(attempt), attempt.join(' ')).rejects.toThrow(
        /NOPERM|permission|access/i,
      )
    client.destroy()
  })

  it('let a data plane change no configuration, delete no event, and reach no other organization', async () => {
    const client = createClient({ url: urlOf('gatehouse-data') })
    await client.connect()
    const own = gateway.organizationId
    const attempts: readonly (readonly string[])[] = [
      ['SET', channels.configHead(own), 'forged'],
      ['DEL', channels.configSnapshot(own)],
      ['DEL', channels.events(own)],
      ['XDEL', channels.events(own), '0-1'],
      ['HSET', channels.eventConfirmations(own), 'dp_1', 'forged'],
      ['XRANGE', channels.leaseRequests(own), '-', '+'],
      ['PUBLISH', channels.configHints(own), 'published'],
      ['EVAL', "return redis.call('DEL', KEYS[1])", '1', channels.events(own)],
      ['GET', channels.configHead('org_other')],
      ['XADD', channels.events('org_other'), '*', 'body', 'x'],
      ['SUBSCRIBE', channels.configHints('org_other')],
      ['GET', channels.requestRate('sender')],
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
    ]
    for (const attempt of attempts) {
      await expect(client.sendCommand([...attempt]), attempt.join(' ')).rejects.toThrow(
        /NOPERM|permission|can't access/i,
      )
    }
    client.destroy()
  })

  it('let a control plane do nothing beyond what is Gatehouse’s', async () => {
    const client = createClient({ url: urlOf('gatehouse-control') })
    await client.connect()
    const attempts = [
      ['SET', 'other', '1'],
      ['GET', 'other'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['KEYS', '*'],
    ]
    for (const attempt of attempts) {
      await expect(client.sendCommand(attempt), attempt.join(' ')).rejects.toThrow(
        /NOPERM|permission|can't access/i,
      )
    }
    client.destroy()
  })
})
