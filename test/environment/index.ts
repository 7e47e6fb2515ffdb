import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { inject } from 'vitest'
import { applicationRole, ownerRole, roleUrl, withClient } from '../../cli/embedded/database.ts'
import { type EmbeddedRedis, startRedis } from '../../cli/embedded/redis.ts'

export interface TestDatabase {
  /** As the role that owns the tables; row-level security binds it too. */
  readonly ownerUrl: string
  /** As the control plane signs in. */
  readonly applicationUrl: string
  /** Past every wall: for a test that looks at what is really stored. */
  readonly superuserUrl: string
  drop(): Promise<void>
}

/** A migrated, empty database of its own on the run's PostgreSQL. */
export async function createDatabase(): Promise<TestDatabase> {
  const { postgres } = inject('servers')
  const name = `test_${randomBytes(8).toString('hex')}`
  await withClient(postgres.superuserUrl, (client) =>
    client.query(`create database ${name} template gatehouse_template owner ${ownerRole}`),
  )
  const superuserUrl = new URL(postgres.superuserUrl)
  superuserUrl.pathname = `/${name}`
  const server = { port: postgres.port, superuserUrl: () => superuserUrl.href }
  return {
    ownerUrl: roleUrl(server, ownerRole, postgres.passwords.owner, name),
    applicationUrl: roleUrl(server, applicationRole, postgres.passwords.application, name),
    superuserUrl: superuserUrl.href,
    drop: async () => {
      await withClient(postgres.superuserUrl, (client) => client.query(`drop database ${name} with (force)`))
    },
  }
}

/**
 * An empty logical database of the run's Redis, given to nobody else. Pub/sub is not divided by database:
 * channels are told apart by their organization.
 */
export async function redisUrl(): Promise<string> {
  const { redis } = inject('servers')
  const client = await createClient({ url: redis.url }).connect()
  try {
    const number = await client.incr('gatehouse-test:databases')
    return `${redis.url}/${number}`
  } finally {
    await client.close()
  }
}

/** A Redis of its own, for a test that stops, kills or restarts it (`port` keeps its address). */
export async function startOwnRedis(
  options: { persistent?: boolean; port?: number } = {},
): Promise<EmbeddedRedis> {
  const directory = temporaryDirectory()
  const { persistent = false, ...rest } = options
  const server = await startRedis({
    program: inject('servers').redis.program,
    directory,
    persistent,
    ...rest,
  })
  const remove = () => rmSync(directory, { recursive: true, force: true })
  return { ...server, stop: () => server.stop().then(remove), kill: () => server.kill().then(remove) }
}

/** A new folder, which goes away with the run at the latest. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'gatehouse-'))
}
