import { rmSync } from 'node:fs'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channels } from '../../../contract/channels.ts'
import { newId } from '../../../control-plane/db/id.ts'
import { digestOfSecret, makeSecret } from '../../../control-plane/secrets/random-secret.ts'
import { RedisSessionStore } from '../../../control-plane/sessions/redis-store.ts'
import type { StoredSession } from '../../../control-plane/sessions/session-store.ts'
import { openTenantConnections, type TenantConnections } from '../../../transport/redis/tenant-connections.ts'
import { ClusterServers } from '../../acceptance/cluster-servers.ts'
import { redisUrl, startOwnRedis, temporaryDirectory } from '../../environment/index.ts'
import { silentLog } from '../organization.ts'

const minute = 60_000
const roomy = { most: 10, whenFull: 'evict' } as const
const connect = (url: string) =>
  openTenantConnections(url, { role: 'sessions', log: silentLog, operationTimeoutMs: 10_000 })

function make(organizationId: string, now: number): StoredSession {
  return {
    ...{ organizationId, userId: 'usr_1', providerId: 'idp_1', id: newId('sess') },
    ...{ subjectTag: 'subject', providerSessionTag: 'session', digest: digestOfSecret(makeSecret()) },
    ...{ details: 'details', secrets: 'secrets', secretsVersion: 1, refreshingUntil: null },
    ...{ lastSeenAt: now, endsAt: now + 30 * minute, expiresAt: now + 720 * minute, checkedAt: now },
  }
}

describe('sessions in Redis', () => {
  let url: string
  let connections: TenantConnections
  let store: RedisSessionStore
  beforeAll(async () => {
    url = await redisUrl()
    connections = connect(url)
    store = new RedisSessionStore(connections.connectionOf)
  })
  afterAll(() => connections.close())

  it('leave nothing behind when they end, in whatever way', async () => {
    const organizationId = newId('org')
    const now = Date.now()
    const begin = async () => {
      const session = make(organizationId, now)
      await store.create(session, roomy, now)
      return session
    }
    await store.remove(organizationId, (await begin()).id)
    const next = {
      ...make(organizationId, now),
      userId: 'usr_2',
      subjectTag: 'other',
      providerSessionTag: null,
    }
    await store.replace(organizationId, (await begin()).id, next, { expectedVersion: 1, now })
    await store.removeOfUsers(organizationId, ['usr_2'])
    await begin()
    await store.removeByProviderSession(organizationId, 'idp_1', {
      ...{ subjectTag: 'subject', providerSessionTag: null },
    })
    await begin()
    await store.removeExpired(organizationId, now + 30 * minute, 10)
    const client = await createClient({ url }).connect()
    expect(await client.keys('*')).toEqual([])
    await client.close()
  })

  it('lapse by themselves some time after their end, every key of them', async () => {
    const organizationId = newId('org')
    // Long ago by the clock of Redis: what counts is how long they have left.
    const now = Date.parse('2020-01-01T00:00:00Z')
    const session = make(organizationId, now)
    await store.create(session, roomy, now)
    const client = await createClient({ url }).connect()
    const keys = await client.keys('*')
    expect(keys).toHaveLength(6)
    for (const key of keys) {
      const left = await client.pTTL(key)
      const isSession = key === channels.session(organizationId, session.id)
      const limit = session[isSession ? 'endsAt' : 'expiresAt'] - now
      expect(left, key).toBeGreaterThan(limit)
      expect(left, key).toBeLessThanOrEqual(limit + 10 * minute)
    }
    await client.del(channels.session(organizationId, session.id))
    await client.close()
    expect(await store.listOfUsers(organizationId, ['usr_1'], now)).toEqual([])
    expect(await store.listDue(organizationId, { checkedBefore: now + 1, now, limit: 9 })).toEqual([])
    expect(await store.removeOfUsers(organizationId, ['usr_1'])).toEqual([])
    const fresh = make(organizationId, now)
    expect(await store.create(fresh, { most: 1, whenFull: 'reject' }, now)).toEqual({ evicted: [] })
  })

  it('are no sessions when a field of them is gone or is no time', async () => {
    const organizationId = newId('org')
    const now = Date.now()
    const session = make(organizationId, now)
    await store.create(session, roomy, now)
    const client = await createClient({ url }).connect()
    await client.hSet(channels.session(organizationId, session.id), 'expiresAt', 'never')
    await client.close()
    await expect(store.find(organizationId, session.id)).rejects.toThrow(/stored session rejected/)
  })

  it('let nobody in while Redis is away: that is a failure, not an answer', async () => {
    const server = await startOwnRedis()
    const away = openTenantConnections(server.url, {
      ...{ role: 'sessions', log: silentLog, operationTimeoutMs: 10_000 },
    })
    try {
      const lonely = new RedisSessionStore(away.connectionOf)
      const session = make(newId('org'), Date.now())
      await lonely.create(session, roomy, Date.now())
      await server.kill()
      await expect(lonely.find(session.organizationId, session.id)).rejects.toThrow(/Redis/)
      await expect(lonely.remove(session.organizationId, session.id)).rejects.toThrow(/Redis/)
    } finally {
      away.close()
    }
  })
})

describe('sessions in a Redis Cluster', () => {
  let directory: string
  let servers: ClusterServers
  let connections: TenantConnections
  beforeAll(async () => {
    directory = temporaryDirectory()
    servers = await ClusterServers.start(directory)
    connections = connect(servers.url)
  })
  afterAll(async () => {
    connections?.close()
    await servers?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  it('are all of an organization on one server, whichever it is', async () => {
    const store = new RedisSessionStore(connections.connectionOf)
    const organizations = Array.from({ length: 12 }, () => newId('org'))
    const keys = organizations.map((id) => channels.sessionEnds(id))
    expect(await servers.holdersOf(keys)).toBe(3)
    const now = Date.now()
    for (const organizationId of organizations) {
      const session = make(organizationId, now)
      expect(await store.create(session, roomy, now)).toEqual({ evicted: [] })
      const next = { ...make(organizationId, now), secretsVersion: 2 }
      const when = { expectedVersion: 1, now }
      expect(await store.replace(organizationId, session.id, next, when)).toBe('replaced')
      expect(await store.find(organizationId, next.id)).toEqual(next)
      const removed = await store.removeOfUsers(organizationId, ['usr_1'])
      expect(removed).toEqual([{ id: next.id, userId: 'usr_1', providerId: next.providerId }])
    }
  })

  it('takes no more connections than it may, whatever organizations cookies make up', () => {
    const few = openTenantConnections(servers.url, { role: 'sessions', log: silentLog, mostConnections: 3 })
    const opened = ['org_0', 'org_1', 'org_2', 'org_0', 'org_3'].map((id) => few.connectionOf(id))
    expect(few.size).toBe(3)
    expect(few.connectionOf('org_0')).toBe(opened[0])
    expect(few.connectionOf('org_1')).not.toBe(opened[1])
    expect(few.size).toBe(3)
    few.close()
  })
})
