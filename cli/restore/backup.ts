import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { endWithUs } from '../embedded/child-process.ts'
import { StartRefused } from '../start-refused.ts'

export type RestoringProgram = 'pg_restore' | 'psql'

/**
 * The program of PostgreSQL that reads this backup: SQL is for psql, all other formats are for pg_restore.
 *
 * @throws StartRefused when there is no such file.
 */
export async function restoringProgram(backup: string): Promise<RestoringProgram> {
  const found = await stat(backup).catch(() => undefined)
  if (found?.isDirectory() && (await stat(join(backup, 'toc.dat')).catch(() => undefined)))
    return 'pg_restore'
  if (!found?.isFile())
    throw new StartRefused(`There is no backup ${backup}: --from takes what pg_dump has written`)
  await using file = await open(backup)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
  const start = buffer.toString('latin1', 0, bytesRead)
  return start.startsWith('PGDMP') || start.startsWith('toc.dat') ? 'pg_restore' : 'psql'
}

/**
 * Loads a backup into an empty database, all of it or nothing; what the program says goes to stderr as it comes.
 *
 * @throws StartRefused
 */
export async function loadBackup(program: RestoringProgram, backup: string, ownerUrl: string): Promise<void> {
  const { url, password } = withoutPassword(ownerUrl)
  const path = resolve(backup)
  const args =
    program === 'pg_restore'
      ? [...['--verbose', '--exit-on-error', '--single-transaction', '--no-owner'], `--dbname=${url}`, path]
      : [...['--quiet', '--set=ON_ERROR_STOP=1', '--single-transaction'], `--dbname=${url}`, `--file=${path}`]
  const child = spawn(program, args, {
    // SQL's results say nothing, and stdout is for our own answer.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(password !== '' && { PGPASSWORD: password }) },
  })
  endWithUs(child, 'SIGTERM')
  const [code] = await once(child, 'close').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new StartRefused(
      `${program} is not on PATH: install PostgreSQL's client programs of the server's version (Debian: postgresql-client), or restore by other means and run "gatehouse restore" without --from`,
    )
  })
  if (code !== 0) {
    throw new StartRefused(
      `${program} could not restore ${backup}, and the database was left empty: see above`,
    )
  }
}

/** A command line can be read by everybody on the machine. */
function withoutPassword(url: string): { readonly url: string; readonly password: string } {
  const bare = new URL(url)
  const password = decodeURIComponent(bare.password)
  bare.password = ''
  return { url: bare.href, password }
}
