import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { isAlive } from '../../cli/embedded/child-process.ts'
import {
  applicationRole,
  ensureDatabase,
  ownerRole,
  type RolePasswords,
  renewRolePasswords,
  roleUrl,
} from '../../cli/embedded/database.ts'
import { type EmbeddedPostgres, startPostgres } from '../../cli/embedded/postgres.ts'
import { stopLeftover } from '../../cli/embedded/postmaster.ts'
import { startRedis, stopLeftoverRedis } from '../../cli/embedded/redis.ts'
import { requireRedisServer } from './redis-program.ts'

/** What every test file is told about the servers of this run. */
export interface TestServers {
  readonly postgres: {
    readonly port: number
    readonly superuserUrl: string
    readonly passwords: RolePasswords
  }
  readonly redis: { readonly program: string; readonly url: string }
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: TestServers
  }
}

export const templateDatabase = 'gatehouse_template'
const prefix = 'gatehouse-test-'

/**
 * One real PostgreSQL and one real Redis for the whole run, in a folder that goes away with it. Whatever a test
 * puts into the temporary folder lies in there too: nothing stays behind, also when it fails or the run is killed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers()
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  // As root the database runs as another user, who has to pass through.
  chmodSync(directory, 0o711)
  // The workers and all that they start inherit it.
  process.env.TMPDIR = directory
  // A third of what it takes to start one of them is compiling what the one before it has compiled.
  process.env.NODE_COMPILE_CACHE = join(directory, 'compile-cache')
  const program = requireRedisServer()
  const postgres = await startPostgres({
    dataDir: directory,
    durable: false,
    settings: { max_connections: '300', shared_buffers: '128MB' },
    announce: (line) => process.stdout.write(`${line}\n`),
  })
  const redis = await startRedis({ program, directory, persistent: false, databases: 4096 })
  const passwords = await renewRolePasswords(postgres)
  await prepareTemplate(postgres, passwords)
  project.provide('servers', {
    postgres: { port: postgres.port, superuserUrl: postgres.superuserUrl('postgres'), passwords },
    redis: { program, url: redis.url },
  })
  return async () => {
    await redis.stop()
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function prepareTemplate(postgres: EmbeddedPostgres, passwords: RolePasswords): Promise<void> {
  await ensureDatabase(postgres, templateDatabase)
  const { migrate } = await import('../../control-plane/db/migrate.ts')
  await migrate({
    ownerUrl: roleUrl(postgres, ownerRole, passwords.owner, templateDatabase),
    applicationRole,
  })
}

/** A run that was killed could not clean up after itself. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split('-')[0])
    if (isAlive(pid)) continue
    const directory = join(tmpdir(), name)
    const cluster = join(directory, 'postgres', 'data')
    if (existsSync(cluster)) await stopLeftover(cluster)
    await stopLeftoverRedis(directory)
    rmSync(directory, { recursive: true, force: true })
  }
}
