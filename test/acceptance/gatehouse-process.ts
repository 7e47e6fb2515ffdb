import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const launcher = join(import.meta.dirname, '..', '..', 'cli', 'gatehouse.js')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command as a user runs it: through its launcher, with nothing but an environment. */
export class GatehouseProcess {
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  readonly finished: Promise<Finished>

  constructor(args: readonly string[], environment: Record<string, string>) {
    this.#child = spawn(process.execPath, [launcher, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ownEnvironment(), ...environment },
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString('utf8')
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8')
    })
    this.finished = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get stdout(): string {
    return this.#stdout
  }

  /** Waits until the output has this text; fails with what it said instead when it ends before. */
  async untilPrinted(text: string): Promise<void> {
    const ended = this.finished.then(({ stdout, stderr }) => {
      throw new Error(`gatehouse ended without printing "${text}":\n${stdout}\n${stderr}`)
    })
    ended.catch(() => undefined)
    while (!this.#stdout.includes(text)) {
      await Promise.race([once(this.#child.stdout ?? this.#child, 'data'), ended])
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(): Promise<Finished> {
    this.signal('SIGINT')
    return this.finished
  }
}

export function runGatehouse(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Finished> {
  return new GatehouseProcess(args, environment).finished
}

/** Ours without what a developer may have set for their own Gatehouse. */
function ownEnvironment(): Record<string, string | undefined> {
  const foreign =
    /^(GATEHOUSE_|CONTROL_PLANE_|DATA_PLANE_|DATABASE_|REDIS_URL|OPENAI_API_KEY|DEMO_PROVIDER_PORT|LOG_LEVEL)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
