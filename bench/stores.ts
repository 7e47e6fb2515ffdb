import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  renewRolePasswords,
  roleUrl,
} from '../cli/embedded/database.ts'
import { startPostgres } from '../cli/embedded/postgres.ts'
import { findRedisServer, startRedis } from '../cli/embedded/redis.ts'
import { createOrganization, issueAdminToken } from '../control-plane/bootstrap.ts'
import { openDatabase } from '../control-plane/db/database.ts'
import { migrate } from '../control-plane/db/migrate.ts'
import { onStop } from './processes.ts'

export interface Stores {
  readonly databaseUrl: string
  /** Past all walls, to fill the database. */
  readonly superuserUrl: string
  readonly redisUrl: string
  /** For everything that the run keeps on disk; goes away with it. */
  readonly folder: string
  readonly organizationId: string
  readonly adminToken: string
}

/**
 * A real PostgreSQL and a real Redis with an empty organization, as durable as in production.
 *
 * @param yields whether PostgreSQL has no more of its core than others leave, so that it disturbs no measurement there
 */
export async function startStores(progress: (text: string) => void, yields = false): Promise<Stores> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  onStop(async () => rmSync(folder, { recursive: true, force: true }))
  // As root the database runs as another user, who has to pass through.
  await chmod(folder, 0o711)
  const program = findRedisServer()
  if (program === undefined) throw new Error('redis-server is not on PATH')
  const redis = await startRedis({ program, directory: folder, persistent: true })
  onStop(redis.stop)
  const postgres = await startPostgres({ dataDir: folder, announce: progress })
  onStop(postgres.stop)
  if (yields) await yieldCore(postgres.superuserUrl('postgres'))
  const passwords = await renewRolePasswords(postgres)
  await ensureDatabase(postgres, 'gatehouse')
  await migrate({
    ownerUrl: roleUrl(postgres, ownerRole, passwords.owner, 'gatehouse'),
    applicationRole,
  })
  const databaseUrl = roleUrl(postgres, applicationRole, passwords.application, 'gatehouse')
  const superuserUrl = postgres.superuserUrl('gatehouse')
  return { databaseUrl, superuserUrl, redisUrl: redis.url, folder, ...(await createAdmin(databaseUrl)) }
}

/** The sessions that begin from now on are scheduled like the server that forks them. */
async function yieldCore(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  const { rows } = await client.query<{ pid: string }>(
    `select split_part(pg_read_file('postmaster.pid'), chr(10), 1) as pid`,
  )
  const { status } = spawnSync('chrt', ['--idle', '--pid', '0', rows[0]?.pid ?? ''])
  if (status !== 0) throw new Error('chrt could not put PostgreSQL behind other work')
  await client.end()
}

async function createAdmin(databaseUrl: string): Promise<Pick<Stores, 'organizationId' | 'adminToken'>> {
  const database = await openDatabase({ url: databaseUrl })
  try {
    const { organizationId } = await createOrganization(database, { name: 'Bench' })
    return { organizationId, adminToken: await issueAdminToken(database, organizationId, 'bench') }
  } finally {
    await database.close()
  }
}
