import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StartRefused } from '../start-refused.ts'
import { type Account, endWithUs, exitOf, hasExited, identity, stopChild } from './child-process.ts'
import { endLeftover } from './leftover-server.ts'

const READY_TIMEOUT_MS = 60_000
const POLL_MS = 20

export interface Postmaster {
  /** Resolves when the server ends without having been stopped by us. */
  readonly died: Promise<void>
  stop(): Promise<void>
  /** Ends it at once, as a crash would: nothing is written any more, and the next start recovers. */
  crash(): Promise<void>
}

/** Starts the server on a loopback port and resolves once it takes connections. */
export async function startPostmaster(options: {
  binaries: string
  dataDirectory: string
  account: Account | undefined
  port: number
  settings: Readonly<Record<string, string>>
  logFile: string
}): Promise<Postmaster> {
  const log = await open(options.logFile, 'w', 0o600)
  const child = spawn(
    join(options.binaries, 'bin', 'postgres'),
    [
      '-D',
      options.dataDirectory,
      ...settingArguments({ ...baseSettings(options.port), ...options.settings }),
    ],
    {
      cwd: '/',
      stdio: ['ignore', log.fd, log.fd],
      // Its own process group: a Ctrl-C in the terminal is for us, who stop the database last.
      detached: true,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      ...identity(options.account),
    },
  )
  endWithUs(child, 'SIGQUIT')
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  try {
    await Promise.race([failed, waitUntilReady(child, options)])
  } catch (error) {
    await stopPostmaster(child)
    throw error
  } finally {
    await log.close()
  }
  let stopping = false
  const died = new Promise<void>((resolve) => child.once('exit', () => stopping || resolve()))
  return {
    died,
    stop: () => {
      stopping = true
      return stopPostmaster(child)
    },
    crash: () => {
      stopping = true
      return stopChild(child, [
        { signal: 'SIGQUIT', waitMs: 5_000 },
        { signal: 'SIGKILL', waitMs: 5_000 },
      ])
    },
  }
}

/**
 * Stops a server that an earlier start left behind and removes its pid file, which PostgreSQL would respect
 * even when the recorded pid belongs to another program by now.
 */
export async function stopLeftover(dataDirectory: string): Promise<void> {
  const pidFile = join(dataDirectory, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0])
  await endLeftover(pid, dataDirectory, ['SIGINT', 'SIGQUIT'])
  await rm(pidFile, { force: true })
}

async function waitUntilReady(
  child: ChildProcess,
  { dataDirectory, logFile, port }: { dataDirectory: string; logFile: string; port: number },
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (hasExited(child))
      throw new StartRefused(`PostgreSQL did not start on port ${port}: ${reason(logFile)}`)
    // Its eighth line says "ready" once connections are taken; pg_ctl waits for the same.
    const lines = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').then(
      (t) => t.split('\n'),
      () => [],
    )
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return
    await exitOf(child, POLL_MS)
  }
  throw new StartRefused(`PostgreSQL was not ready after ${READY_TIMEOUT_MS / 1000} s, see ${logFile}`)
}

function stopPostmaster(child: ChildProcess): Promise<void> {
  // Fast shutdown, then immediate shutdown, which the next start recovers from.
  return stopChild(child, [
    { signal: 'SIGINT', waitMs: 20_000 },
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ])
}

function baseSettings(port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A failed statement may hold a secret.
    log_min_error_statement: 'panic',
  }
}

function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function reason(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n')
  const fatal = lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1)
  return fatal ? `${fatal} (see ${logFile})` : `it said nothing (see ${logFile})`
}
