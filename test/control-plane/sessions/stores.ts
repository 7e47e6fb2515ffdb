import { createClient } from '@redis/client'
import { withClient } from '../../../cli/embedded/database.ts'
import { openDatabase } from '../../../control-plane/db/database.ts'
import { newId } from '../../../control-plane/db/id.ts'
import { DatabaseSessionStore } from '../../../control-plane/sessions/database-store.ts'
import { MemorySessionStore } from '../../../control-plane/sessions/memory-store.ts'
import { RedisSessionStore } from '../../../control-plane/sessions/redis-store.ts'
import type { SessionStore } from '../../../control-plane/sessions/session-store.ts'
import { openTenantConnections } from '../../../transport/redis/tenant-connections.ts'
import { createDatabase, redisUrl } from '../../environment/index.ts'
import { silentLog } from '../organization.ts'

/** One kind of store, with nothing in it. */
export interface OpenedStore {
  /** What one process sees of it. Where a process has nothing to share, all are the same. */
  connect(): Promise<SessionStore>
  /** An organization with two users. */
  createTenant(): Promise<TestTenant>
  /** Everything that is stored, names included, as text. */
  raw(): Promise<string>
  close(): Promise<void>
}

export interface TestTenant {
  readonly organizationId: string
  readonly userId: string
  readonly otherUserId: string
}

export interface StoreKind {
  readonly name: string
  /** Whether sessions outlive the process. */
  readonly persists: boolean
  open(): Promise<OpenedStore>
}

const newTenant = (): TestTenant => ({
  organizationId: newId('org'),
  userId: newId('usr'),
  otherUserId: newId('usr'),
})

async function openMemory(): Promise<OpenedStore> {
  const store = new MemorySessionStore()
  const tenants: TestTenant[] = []
  return {
    connect: async () => store,
    async createTenant() {
      const tenant = newTenant()
      tenants.push(tenant)
      return tenant
    },
    async raw() {
      const lists = tenants.flatMap(({ organizationId, userId, otherUserId }) =>
        [userId, otherUserId].map((id) => store.listOfUsers(organizationId, [id], 0)),
      )
      return JSON.stringify(await Promise.all(lists))
    },
    close: async () => undefined,
  }
}

async function openRedis(): Promise<OpenedStore> {
  const url = await redisUrl()
  const closers: (() => void)[] = []
  return {
    async connect() {
      const connections = openTenantConnections(url, {
        ...{ role: 'sessions', log: silentLog, operationTimeoutMs: 10_000 },
      })
      closers.push(() => connections.close())
      return new RedisSessionStore(connections.connectionOf)
    },
    createTenant: async () => newTenant(),
    raw: () => readRedis(url),
    async close() {
      for (const close of closers) close()
    },
  }
}

/** Every key with what is in it, past DUMP, which compresses. */
export async function readRedis(url: string): Promise<string> {
  const client = await createClient({ url }).connect()
  try {
    const lines: string[] = []
    for (const key of await client.keys('*')) {
      const type = await client.type(key)
      if (type === 'hash') lines.push(`${key} ${JSON.stringify(await client.hGetAll(key))}`)
      else if (type === 'set') lines.push(`${key} ${await client.sMembers(key)}`)
      else if (type === 'zset')
        lines.push(`${key} ${JSON.stringify(await client.zRangeWithScores(key, 0, -1))}`)
      else throw new Error(`${key} is a ${type}`)
    }
    return lines.join('\n')
  } finally {
    await client.close()
  }
}

/** Every row, as the disk has it. */
export function readPostgresSessions(superuserUrl: string): Promise<string> {
  return withClient(superuserUrl, async (client) => {
    const { rows } = await client.query<{ row: string }>('select s::text as row from sessions s')
    return rows.map(({ row }) => row).join('\n')
  })
}

async function openPostgres(): Promise<OpenedStore> {
  const testDatabase = await createDatabase()
  const closers: (() => Promise<void>)[] = []
  return {
    async connect() {
      const database = await openDatabase({ url: testDatabase.applicationUrl })
      closers.push(() => database.close())
      return new DatabaseSessionStore(database)
    },
    async createTenant() {
      const tenant = newTenant()
      await withClient(testDatabase.superuserUrl, async (client) => {
        const { organizationId, userId, otherUserId } = tenant
        await client.query(`insert into organizations (id, name, created_at) values ($1, 'Acme', now())`, [
          organizationId,
        ])
        for (const id of [userId, otherUserId])
          await client.query(
            `insert into users (id, org_id, name, active, created_at,
               allowed_models, denied_models, allowed_providers, denied_providers)
             values ($1, $2, 'Ada', true, now(), '["*"]', '[]', '["*"]', '[]')`,
            [id, organizationId],
          )
      })
      return tenant
    },
    raw: () => readPostgresSessions(testDatabase.superuserUrl),
    async close() {
      await Promise.all(closers.map((close) => close()))
      await testDatabase.drop()
    },
  }
}

export const storeKinds: readonly StoreKind[] = [
  { name: 'memory', persists: false, open: openMemory },
  { name: 'redis', persists: true, open: openRedis },
  { name: 'database', persists: true, open: openPostgres },
]
