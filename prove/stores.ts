import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../cli/embedded/postgres.ts'

/** A real PostgreSQL, as durable as in production, in a folder that goes away with it. */
export async function startDatabaseServer(
  ends: AsyncDisposableStack,
  announce: (line: string) => void,
): Promise<{ superuserUrl: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-prove-'))
  ends.defer(() => rmSync(folder, { recursive: true, force: true }))
  // As root the database runs as another user, who has to pass through.
  chmodSync(folder, 0o711)
  const postgres = await startPostgres({ dataDir: folder, announce })
  ends.defer(() => postgres.stop())
  return { superuserUrl: postgres.superuserUrl('postgres') }
}
