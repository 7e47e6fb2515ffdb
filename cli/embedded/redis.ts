import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile, realpath, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { delimiter, join } from 'node:path'
import { StartRefused } from '../start-refused.ts'
import { endWithUs, exitOf, hasExited, stopChild } from './child-process.ts'
import { findFreePort } from './free-port.ts'
import { endLeftover } from './leftover-server.ts'

const READY_TIMEOUT_MS = 30_000
const POLL_MS = 20

export interface EmbeddedRedis {
  readonly port: number
  readonly url: string
  /** Resolves when the server ends without having been stopped by us. */
  readonly died: Promise<void>
  stop(): Promise<void>
  /** Ends it without a farewell, as a crash would. */
  kill(): Promise<void>
}

/** The path of `redis-server`, or undefined where this machine has none on PATH. */
export function findRedisServer(path = process.env.PATH ?? ''): string | undefined {
  const candidates = path.split(delimiter).filter(Boolean)
  return candidates.map((folder) => join(folder, 'redis-server')).find((file) => existsSync(file))
}

/**
 * Runs `redis-server` on a loopback port with its files in `directory`.
 *
 * @throws StartRefused when it does not start.
 */
export async function startRedis(options: {
  program: string
  /** Must exist. */
  directory: string
  /** Keep what it holds across a restart (append-only file, synced every second). */
  persistent: boolean
  /** For a restart on the same port. */
  port?: number
  /** How many logical databases it offers. */
  databases?: number
}): Promise<EmbeddedRedis> {
  const directory = await realpath(options.directory)
  await stopLeftoverRedis(directory)
  const port = options.port ?? (await findFreePort())
  const logFile = join(directory, 'redis.log')
  const log = await open(logFile, 'w', 0o600)
  const child = spawn(options.program, ['-'], {
    cwd: directory,
    stdio: ['pipe', log.fd, log.fd],
    // Its own process group: a Ctrl-C in the terminal is for us, who stop the stores last.
    detached: true,
  })
  await log.close()
  endWithUs(child, 'SIGTERM')
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  child.stdin?.end(configuration(port, { ...options, directory }))
  let stopping = false
  const died = new Promise<void>((resolve) => child.once('exit', () => stopping || resolve()))
  const stopWith = (steps: Parameters<typeof stopChild>[1]) => {
    stopping = true
    return stopChild(child, steps)
  }
  try {
    await Promise.race([failed, waitUntilReady(child, port, logFile)])
  } catch (error) {
    await stopWith([{ signal: 'SIGKILL', waitMs: 5_000 }])
    throw error
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    died,
    stop: () =>
      stopWith([
        { signal: 'SIGTERM', waitMs: 10_000 },
        { signal: 'SIGKILL', waitMs: 5_000 },
      ]),
    kill: () => stopWith([{ signal: 'SIGKILL', waitMs: 5_000 }]),
  }
}

function configuration(
  port: number,
  options: { directory: string; persistent: boolean; databases?: number },
) {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(options.directory)}`,
    `databases ${options.databases ?? 16}`,
    'save ""',
    `appendonly ${options.persistent ? 'yes' : 'no'}`,
    'appendfsync everysec',
    `pidfile ${JSON.stringify(join(options.directory, 'redis.pid'))}`,
    // A full memory must refuse writes rather than forget configuration and events.
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n')
}

/** A server that an earlier start left behind would write to the same append-only file. */
export async function stopLeftoverRedis(directory: string): Promise<void> {
  const pidFile = join(directory, 'redis.pid')
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  await endLeftover(pid, directory, ['SIGTERM', 'SIGKILL'])
  await rm(pidFile, { force: true })
}

async function waitUntilReady(
  child: Parameters<typeof hasExited>[0],
  port: number,
  logFile: string,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (hasExited(child)) {
      const said = (await readFile(logFile, 'utf8')).trim().split('\n').at(-1)
      throw new StartRefused(`redis-server did not start on port ${port}: ${said} (see ${logFile})`)
    }
    if (await answersPing(port)) return
    await exitOf(child, POLL_MS)
  }
  throw new StartRefused(`redis-server was not ready after ${READY_TIMEOUT_MS / 1000} s, see ${logFile}`)
}

/** While the append-only file is loaded the answer is an error, not PONG. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 1_000 })
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => finish(answer.toString().startsWith('+PONG')))
    socket.once('error', () => finish(false))
    socket.once('timeout', () => finish(false))
    const finish = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
  })
}
