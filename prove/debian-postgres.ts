import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../cli/embedded/child-process.ts'
import { findFreePort } from '../cli/embedded/free-port.ts'
import { startPostmaster } from '../cli/embedded/postmaster.ts'
import { serviceAccount } from '../cli/embedded/service-account.ts'

/** Where Debian 12 has it. The embedded PostgreSQL is another release, and comes without `pg_dump`. */
export const debianPostgres = '/usr/lib/postgresql/15'

const limitMs = 120_000

export interface DebianPostgres {
  readonly superuserUrl: string
  stop(): Promise<void>
}

/** @returns undefined where this machine does not have it. */
export async function startDebianPostgres(): Promise<DebianPostgres | undefined> {
  const programs = ['postgres', 'initdb', 'pg_dump', 'pg_restore'].map((name) =>
    join(debianPostgres, 'bin', name),
  )
  if (!programs.every((program) => existsSync(program))) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-prove-'))
  // As root the server runs as another user, who has to pass through.
  await chmod(folder, 0o711)
  const account = serviceAccount()
  const dataDirectory = join(folder, 'data')
  const passwordFile = join(folder, 'superuser-password')
  const password = randomBytes(16).toString('hex')
  await mkdir(dataDirectory, { mode: 0o700 })
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account) for (const path of [dataDirectory, passwordFile]) await chown(path, account.uid, account.gid)
  const { code, output } = await runCommand(
    join(debianPostgres, 'bin', 'initdb'),
    [
      `--pgdata=${dataDirectory}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
    ].concat('--encoding=UTF8', '--locale=C'),
    { account, timeoutMs: limitMs, env: { PATH: process.env.PATH, LC_ALL: 'C' } },
  )
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${output}`)
  const port = await findFreePort()
  const postmaster = await startPostmaster({
    ...{ dataDirectory, account, port },
    binaries: debianPostgres,
    settings: {},
    logFile: join(folder, 'postgres.log'),
  })
  return {
    superuserUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await postmaster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
