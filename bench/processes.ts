import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** The gateway under test has a core of its own; generator, upstream and stores share the other. */
export const gatewayCore = 0
export const otherCore = 1

export interface Running {
  readonly name: string
  readonly pid: number
  /** The last lines that it wrote, for the report of a failure. */
  output(): string
  hasExited(): boolean
  /** Without a farewell; resolves when it is gone. */
  kill(): Promise<void>
}

const stopLimitMs = 10_000
const startLimitMs = 60_000
const keptOutput = 4_000
const stops: (() => Promise<unknown>)[] = []

/** Puts this process, and whatever it starts without saying otherwise, on the core beside the gateway's. */
export function leaveGatewayCore(): void {
  spawnSync('taskset', ['-a', '-c', '-p', String(otherCore), String(process.pid)], { stdio: 'ignore' })
}

/** Starts a program on one core. Its output is kept, not shown. */
export function startPinned(options: {
  name: string
  core: number
  command: readonly string[]
  env?: Readonly<Record<string, string>>
}): Running {
  const { name, core, command, env = {} } = options
  const child = spawn('taskset', ['-c', String(core), ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C in the terminal is for us, who stop everything in order.
    detached: true,
  })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-keptOutput)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.once('error', (error) => keep(Buffer.from(error.message)))
  onStop(() => endChild(child, 'SIGTERM'))
  return {
    name,
    pid: child.pid ?? -1,
    output: () => output,
    hasExited: () => hasExited(child),
    kill: () => endChild(child, 'SIGKILL'),
  }
}

/** Something to be ended with the run. */
export function onStop(stop: () => Promise<unknown>): void {
  stops.push(stop)
}

/** Ends what was started, the youngest first. */
export async function stopAll(): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) {
    await stop().catch((error: unknown) => process.stderr.write(`could not clean up: ${error}\n`))
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasExited(child) || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  await Promise.race([gone, delay(stopLimitMs, undefined, { ref: false })])
  if (!hasExited(child)) child.kill('SIGKILL')
  await gone
}

function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Waits until `url` answers, whatever it says. */
export async function waitUntilAnswers(server: Running, url: string): Promise<void> {
  const deadline = performance.now() + startLimitMs
  while (performance.now() < deadline && !server.hasExited()) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(1_000) })
      return
    } catch {
      await delay(50)
    }
  }
  throw new Error(`${server.name} did not answer at ${url}. It said:\n${server.output()}`)
}

/** A loopback port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the loopback listener has no port')
  return address.port
}

const ticksPerSecond = 100

/** CPU time that a process has used so far, all its threads together. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000_000
}

export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1_024
}
