import { type ChildProcess, spawn } from 'node:child_process'

/** Whom a child runs as; absent where we already run as an ordinary user. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface CommandResult {
  readonly code: number | null
  readonly output: string
}

/** Runs a short-lived program to its end; its output (both streams) is kept to explain a failure. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { account?: Account | undefined; timeoutMs: number; env?: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      // The account may not enter the directory that we were started in.
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      env: options.env ?? process.env,
      ...identity(options.account),
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-16_384)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

export function identity(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid }
}

/** Sends each signal in turn until the child is gone. */
export async function stopChild(
  child: ChildProcess,
  steps: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[],
): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (hasExited(child)) return
    child.kill(signal)
    await exitOf(child, waitMs)
  }
}

/** Takes the child along when this process ends without having stopped it. A killed process cannot. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals): void {
  const end = () => child.kill(signal)
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Whether the child ended within the time. */
export async function exitOf(child: ChildProcess, waitMs: number): Promise<boolean> {
  if (hasExited(child)) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onExit = () => resolve(true)
  const timer = setTimeout(() => resolve(false), waitMs)
  timer.unref()
  child.once('exit', onExit)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    // A poll asks often: what an answered question leaves behind would add up.
    child.off('exit', onExit)
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
