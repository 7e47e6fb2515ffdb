import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartRefused } from '../start-refused.ts'
import { type Account, runCommand } from './child-process.ts'
import { locationOf, ownerFile, ownerOf, pointerFile, stagingSuffix } from './relocation.ts'
import { canUse } from './service-account.ts'

const INITDB_TIMEOUT_MS = 120_000
const MAJOR_VERSION = '18'

/** One PostgreSQL cluster: a folder with `data/` (PGDATA) and the superuser's password. */
export interface Cluster {
  readonly dataDirectory: string
  readonly superuserPassword: string
}

interface ClusterOptions {
  /** Gatehouse's data dir; must exist. */
  readonly dataDir: string
  readonly binaries: string
  readonly account: Account | undefined
  /** Where clusters go whose data dir the account may not enter. */
  readonly clustersDir: string
  /** Whether to wait for the disk; off only for databases that a test throws away. */
  readonly durable: boolean
  readonly announce: (line: string) => void
}

/**
 * The cluster of this data dir, made on the first call.
 *
 * It is made beside its final name and renamed when whole, so a crash in between leaves nothing that looks like
 * a cluster. The caller holds the data dir's lock.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const dataDir = await realpath(options.dataDir)
  const home = (await existingHome(dataDir)) ?? (await chooseHome(dataDir, options))
  if (!existsSync(home)) {
    const staging = home + stagingSuffix
    await rm(staging, { recursive: true, force: true })
    await initialise(staging, options)
    if (!home.startsWith(`${dataDir}/`)) await writeFile(ownerFile(staging), `${dataDir}\n`)
    await rename(staging, home)
  }
  return readCluster(home, options)
}

/** The folder of this data dir's cluster, whether or not it is whole; undefined before the first start. */
export async function existingHome(dataDir: string): Promise<string | undefined> {
  const inPlace = join(dataDir, 'postgres')
  if (existsSync(inPlace)) return inPlace
  const home = await locationOf(dataDir)
  if (home === undefined || !existsSync(home)) return undefined
  if ((await ownerOf(home)) === dataDir) return home
  throw new StartRefused(
    `${pointerFile(dataDir)} names ${home}, which belongs to another data dir: move that file away to start with an empty database`,
  )
}

/** In the data dir where the account can work there, else in `clustersDir`, remembered by a pointer file. */
async function chooseHome(dataDir: string, options: ClusterOptions): Promise<string> {
  if (await canUse(options.account, '-x', dataDir)) return join(dataDir, 'postgres')
  const home = join(options.clustersDir, createHash('sha256').update(dataDir).digest('hex').slice(0, 16))
  options.announce(
    `The database is kept in ${home}: PostgreSQL runs as user ${options.account?.name}, who may not enter ${dataDir}`,
  )
  await mkdir(options.clustersDir, { recursive: true, mode: 0o755 })
  // Before there is anything to point at: a cluster without a pointer is taken for an orphan.
  await writeFile(pointerFile(dataDir), `${home}\n`)
  return home
}

async function initialise(home: string, { binaries, account, durable }: ClusterOptions): Promise<void> {
  const data = join(home, 'data')
  const passwordFile = join(home, 'superuser-password')
  await mkdir(home, { mode: 0o711 })
  await mkdir(data, { mode: 0o700 })
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (account !== undefined) {
    await chown(data, account.uid, account.gid)
    // initdb reads the password as the account; it is taken back below.
    await chown(passwordFile, account.uid, account.gid)
  }
  const { code, output } = await runCommand(
    join(binaries, 'bin', 'initdb'),
    [
      ['--pgdata', data],
      ['--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // Independent of the locales that this machine has.
      ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      durable ? [] : ['--no-sync'],
    ].flat(),
    { account, timeoutMs: INITDB_TIMEOUT_MS, env: { PATH: process.env.PATH, LC_ALL: 'C' } },
  )
  if (code !== 0) {
    await rm(home, { recursive: true, force: true })
    throw new StartRefused(`The database could not be initialised in ${home}: ${lastLine(output)}`)
  }
  if (account !== undefined) await chown(passwordFile, 0, 0)
}

async function readCluster(home: string, { account }: ClusterOptions): Promise<Cluster> {
  const data = join(home, 'data')
  const parts = [
    join(home, 'superuser-password'),
    join(data, 'PG_VERSION'),
    join(data, 'global', 'pg_control'),
  ]
  const missing = parts.find((part) => !existsSync(part))
  if (missing !== undefined) {
    throw new StartRefused(
      `The database in ${home} is only half initialised (${missing} is missing): restore it from a backup, or run "gatehouse reset" to start anew`,
    )
  }
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  if (version !== MAJOR_VERSION) {
    throw new StartRefused(
      `The database in ${home} was made by PostgreSQL ${version} and this is ${MAJOR_VERSION}: dump and restore it, or run "gatehouse reset" to start anew`,
    )
  }
  if (!(await canUse(account, '-w', data))) {
    throw new StartRefused(
      `The database in ${data} belongs to another user than ${account?.name ?? 'this one'}: start as the user who made it, or change its owner`,
    )
  }
  return { dataDirectory: data, superuserPassword: await readFile(join(home, 'superuser-password'), 'utf8') }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? 'no output'
}
