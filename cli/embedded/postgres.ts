import { join } from 'node:path'
import { StartRefused } from '../start-refused.ts'
import { findFreePort } from './free-port.ts'
import { locateBinaries } from './postgres-binaries.ts'
import { openCluster } from './postgres-cluster.ts'
import { type Postmaster, startPostmaster, stopLeftover } from './postmaster.ts'
import { removeOrphanedClusters } from './relocation.ts'
import { serviceAccount } from './service-account.ts'

/** For root, whose service account may not enter root's own folders. */
const sharedPlace = '/var/lib/gatehouse'
const PORT_ATTEMPTS = 5

export interface EmbeddedPostgres {
  readonly port: number
  /** A connection URL of the superuser; not to be used for serving. */
  superuserUrl(database: string): string
  /** Resolves when the server ends without having been asked to. */
  readonly died: Promise<void>
  stop(): Promise<void>
  /** Ends it at once, as a crash would: the next start recovers. */
  crash(): Promise<void>
}

/**
 * Runs the real PostgreSQL that came with `npm ci`, on a free loopback port, with its data under `dataDir`.
 * As root it runs as user `postgres` or `nobody`.
 *
 * @throws StartRefused in one sentence: no binaries for this machine, a half-initialised or foreign data dir, no start.
 */
export async function startPostgres(options: {
  /** Must exist; only one process at a time may use it. */
  dataDir: string
  announce: (line: string) => void
  /** Server settings on top of ours, such as `max_connections`. */
  settings?: Readonly<Record<string, string>>
  /** Where it listens; a free one unless said. */
  port?: number
  /** Off only for databases that a test throws away. */
  durable?: boolean
}): Promise<EmbeddedPostgres> {
  const { dataDir, announce, durable = true } = options
  const account = serviceAccount()
  const place = account === undefined ? dataDir : sharedPlace
  const clustersDir = join(place, 'clusters')
  const binaries = await locateBinaries({ account, copiesDir: join(place, 'postgresql'), announce })
  if (account !== undefined) await removeOrphanedClusters({ clustersDir, announce })
  const { dataDirectory, superuserPassword } = await openCluster({
    dataDir,
    binaries,
    account,
    clustersDir,
    durable,
    announce,
  })
  await stopLeftover(dataDirectory)

  const unsafe = durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const startOn = (port: number) =>
    startPostmaster({
      binaries,
      dataDirectory,
      account,
      port,
      settings: { ...unsafe, ...options.settings },
      logFile: join(dataDir, 'postgres.log'),
    })
  const { postmaster, port } =
    options.port === undefined
      ? await startOnFreePort(startOn)
      : { postmaster: await startOn(options.port), port: options.port }
  return {
    port,
    superuserUrl: (database) =>
      `postgres://postgres:${superuserPassword}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    died: postmaster.died,
    stop: postmaster.stop,
    crash: postmaster.crash,
  }
}

async function startOnFreePort(
  start: (port: number) => Promise<Postmaster>,
): Promise<{ postmaster: Postmaster; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    try {
      return { postmaster: await start(port), port }
    } catch (error) {
      // Another process may have taken the port in between.
      const taken = error instanceof StartRefused && error.message.includes('Address already in use')
      if (!taken || attempt === PORT_ATTEMPTS) throw error
    }
  }
}
