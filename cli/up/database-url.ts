import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { migrate } from '../../control-plane/db/migrate.ts'
import { applicationRole } from '../embedded/database.ts'
import { startPostgres } from '../embedded/postgres.ts'
import { readDataDir } from '../env.ts'
import { StartRefused } from '../start-refused.ts'
import { lockDataDir, prepareDataDir, readMasterKey } from './data-dir.ts'
import { readRuntime } from './runtime-file.ts'
import { openEmbeddedDatabase } from './stores.ts'

const RUNTIME_WAIT_MS = 30_000

/** The given database; else that of `gatehouse up`, started for the moment if it does not run. */
export async function withDatabaseUrl<T>(
  given: string | undefined,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return work(given)
  const dataDir = prepareDataDir(readDataDir(process.env))
  const lock = await lockDataDir(dataDir)
  if (lock === undefined) return work(await runningDatabase(dataDir))
  try {
    // Refuses where the key of an existing database is missing, before anything is started.
    await readMasterKey(dataDir)
    const postgres = await startPostgres({ dataDir, announce: (line) => console.error(line) })
    try {
      const { url, ownerUrl } = await openEmbeddedDatabase(postgres)
      await migrate({ ownerUrl, applicationRole })
      return await work(url)
    } finally {
      await postgres.stop()
    }
  } finally {
    await lock.release()
  }
}

/** `gatehouse up` may still be starting. */
async function runningDatabase(dataDir: string): Promise<string> {
  const deadline = Date.now() + RUNTIME_WAIT_MS
  while (Date.now() < deadline) {
    const runtime = await readRuntime(dataDir)
    if (runtime !== undefined) return runtime.databaseUrl
    await delay(100)
  }
  throw new StartRefused(
    `Gatehouse runs on ${dataDir} but ${join(dataDir, 'runtime.json')} does not appear: restart it`,
  )
}
