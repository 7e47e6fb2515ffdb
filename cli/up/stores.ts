import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../../control-plane/db/migrate.ts'
import { createMemoryTransport } from '../../transport/memory/create.ts'
import type { Transport } from '../../transport/transport.ts'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  renewRolePasswords,
  roleUrl,
} from '../embedded/database.ts'
import { startPostgres } from '../embedded/postgres.ts'
import { findRedisServer, startRedis } from '../embedded/redis.ts'
import type { UpEnv } from '../env.ts'
import { readMasterKey } from './data-dir.ts'
import type { RunningParts } from './shutdown.ts'

const databaseName = 'gatehouse'

type Announce = (line: string) => void

export interface Stores {
  readonly databaseUrl: string
  readonly masterKey: string
  /** Absent when the planes meet in this process, over `transport`. */
  readonly redisUrl: string | undefined
  readonly transport: Transport | undefined
}

/** The operator's own stores where they are named, embedded ones otherwise; the schema is up to date. */
export async function openStores(
  env: UpEnv,
  dataDir: string,
  parts: RunningParts,
  announce: Announce,
): Promise<Stores> {
  const database = env.database ?? (await startDatabase(dataDir, parts, announce))
  const { url: databaseUrl, ownerUrl, masterKey } = database
  if (ownerUrl !== undefined) await migrate({ ownerUrl, applicationRole: roleOf(databaseUrl) })
  const redisUrl = env.redisUrl ?? (await startStore(dataDir, parts, announce))
  if (redisUrl !== undefined) return { databaseUrl, masterKey, redisUrl, transport: undefined }
  const transport = createMemoryTransport()
  parts.add({ name: 'The in-process transport', limitMs: 5_000, stop: () => transport.close() })
  return { databaseUrl, masterKey, redisUrl, transport }
}

async function startDatabase(dataDir: string, parts: RunningParts, announce: Announce) {
  const masterKey = await readMasterKey(dataDir)
  const postgres = await startPostgres({ dataDir, announce })
  parts.add({ name: 'PostgreSQL', limitMs: 30_000, stop: () => postgres.stop() })
  void postgres.died.then(() =>
    announce(
      'PostgreSQL ended unexpectedly: the data plane keeps answering; restart Gatehouse to bring it back',
    ),
  )
  announce(`PostgreSQL embedded, port ${postgres.port}`)
  return { ...(await openEmbeddedDatabase(postgres)), masterKey }
}

/** The database on an embedded server, with fresh passwords for its two roles. */
export async function openEmbeddedDatabase(postgres: Awaited<ReturnType<typeof startPostgres>>) {
  const passwords = await renewRolePasswords(postgres)
  await ensureDatabase(postgres, databaseName)
  return {
    url: roleUrl(postgres, applicationRole, passwords.application, databaseName),
    ownerUrl: roleUrl(postgres, ownerRole, passwords.owner, databaseName),
  }
}

async function startStore(
  dataDir: string,
  parts: RunningParts,
  announce: Announce,
): Promise<string | undefined> {
  const program = findRedisServer()
  if (program === undefined) {
    announce('Redis      in-process instead: there is no redis-server on PATH')
    return undefined
  }
  const directory = join(dataDir, 'redis')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const redis = await startRedis({ program, directory, persistent: true })
  parts.add({ name: 'Redis', limitMs: 20_000, stop: () => redis.stop() })
  void redis.died.then(() =>
    announce(
      'redis-server ended unexpectedly: the data plane keeps answering; restart Gatehouse to bring it back',
    ),
  )
  announce(`Redis      ${program}, port ${redis.port}`)
  return redis.url
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username)
}
