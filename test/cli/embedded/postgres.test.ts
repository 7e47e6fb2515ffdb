import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { type EmbeddedPostgres, startPostgres } from '../../../cli/embedded/postgres.ts'
import { StartRefused } from '../../../cli/start-refused.ts'
import { temporaryDirectory } from '../../environment/index.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function openDataDir(mode = 0o711): string {
  const dataDir = temporaryDirectory()
  chmodSync(dataDir, mode)
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }))
  return dataDir
}

async function start(dataDir: string, lines: string[] = []): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir, durable: false, announce: (line) => lines.push(line) })
  cleanups.push(() => postgres.stop())
  return postgres
}

function query(postgres: EmbeddedPostgres, sql: string) {
  return withClient(postgres.superuserUrl('postgres'), async (client) => (await client.query(sql)).rows)
}

it('finds its data again after a stop', async () => {
  const dataDir = openDataDir()
  const first = await start(dataDir)
  await query(first, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await start(dataDir)
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(await query(second, "select current_setting('server_version_num')::int / 10000 as major")).toEqual([
    { major: 18 },
  ])
})

it('takes over from a server that its parent left behind', async () => {
  const dataDir = openDataDir()
  const abandoned = await start(dataDir)
  await query(abandoned, 'create table kept as select 42 as answer')
  const second = await start(dataDir)
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }])
  await expect(query(abandoned, 'select 1')).rejects.toThrow()
})

it('is not kept from starting by a pid file whose process is something else by now', async () => {
  const dataDir = openDataDir()
  await (await start(dataDir)).stop()
  const stranger = spawn('sleep', ['60'])
  cleanups.push(() => stranger.kill())
  writeFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), `${stranger.pid}\n/somewhere\n`)
  await query(await start(dataDir), 'select 1')
  expect(stranger.exitCode).toBeNull()
})

it('makes nothing of an initialisation that was cut short', async () => {
  const dataDir = openDataDir()
  mkdirSync(join(dataDir, 'postgres.initialising', 'data'), { recursive: true })
  await query(await start(dataDir), 'select 1')
  expect(existsSync(join(dataDir, 'postgres.initialising'))).toBe(false)
})

it.each(['PG_VERSION', 'global/pg_control', '../superuser-password'])(
  'refuses a database without its %s in one sentence',
  async (missing) => {
    const dataDir = openDataDir()
    await (await start(dataDir)).stop()
    rmSync(join(dataDir, 'postgres', 'data', missing))
    const refused = startPostgres({ dataDir, announce: () => undefined })
    await expect(refused).rejects.toThrow(StartRefused)
    await expect(refused).rejects.toThrow(
      /^The database in \S+ is only half initialised .*gatehouse reset[^\n]*$/,
    )
  },
)

it('refuses a database of another major version in one sentence', async () => {
  const dataDir = openDataDir()
  await (await start(dataDir)).stop()
  writeFileSync(join(dataDir, 'postgres', 'data', 'PG_VERSION'), '15\n')
  await expect(startPostgres({ dataDir, announce: () => undefined })).rejects.toThrow(
    'made by PostgreSQL 15 and this is 18',
  )
})

it('listens on loopback alone and lets nobody in without the password', async () => {
  const postgres = await start(openDataDir())
  expect(
    await query(
      postgres,
      "select current_setting('listen_addresses') as a, current_setting('unix_socket_directories') as s",
    ),
  ).toEqual([{ a: '127.0.0.1', s: '' }])
  const url = new URL(postgres.superuserUrl('postgres'))
  url.password = 'guess'
  await expect(withClient(url.href, (client) => client.query('select 1'))).rejects.toThrow(
    'password authentication failed',
  )
})

describe.runIf(process.getuid?.() === 0)('as root', () => {
  it('never runs the server as root', async () => {
    const dataDir = openDataDir()
    await start(dataDir)
    const [pid] = readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')
    expect(execFileSync('ps', ['-o', 'user=', '-p', String(pid)], { encoding: 'utf8' }).trim()).toMatch(
      /^(postgres|nobody)$/,
    )
  })

  it('keeps the database elsewhere when its account may not enter the data dir, and clears it with the data dir', async () => {
    const dataDir = openDataDir(0o700)
    const lines: string[] = []
    const first = await start(dataDir, lines)
    await query(first, 'create table kept as select 42 as answer')
    await first.stop()
    const home = readFileSync(join(dataDir, 'postgres-location'), 'utf8').trim()
    expect(lines.join('\n')).toContain(home)

    const second = await start(dataDir)
    expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }])
    await second.stop()

    rmSync(dataDir, { recursive: true })
    await start(openDataDir())
    expect(existsSync(home)).toBe(false)
  })
})
