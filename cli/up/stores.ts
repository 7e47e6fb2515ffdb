import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  renewRolePasswords,
  roleUrl,
} from '../embedded/database.ts'
import { startPostgres } from '../embedded/postgres.ts'
import { findRedisServer, startRedis } from '../embedded/redis.ts'
import type { RunningParts } from './shutdown.ts'

const databaseName = 'gatehouse'

export interface EmbeddedDatabase {
  readonly url: string
  readonly ownerUrl: string
}

type Announce = (line: string) => void

/** Starts the database of this data dir and gives its roles new passwords. */
export async function startDatabase(
  dataDir: string,
  parts: RunningParts,
  announce: Announce,
): Promise<EmbeddedDatabase> {
  const postgres = await startPostgres({ dataDir, announce })
  parts.add({ name: 'PostgreSQL', limitMs: 30_000, stop: () => postgres.stop() })
  void postgres.died.then(() =>
    announce(
      'PostgreSQL ended unexpectedly: data planes keep answering, the control plane does not; restart Gatehouse',
    ),
  )
  const passwords = await renewRolePasswords(postgres)
  await ensureDatabase(postgres, databaseName)
  return {
    url: roleUrl(postgres, applicationRole, passwords.application, databaseName),
    ownerUrl: roleUrl(postgres, ownerRole, passwords.owner, databaseName),
  }
}

/** Starts redis-server if this machine has it; undefined means that the planes have to meet in one process. */
export async function startStore(
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
