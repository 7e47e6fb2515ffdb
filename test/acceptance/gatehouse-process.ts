import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { bareEnvironment } from './bare-environment.ts'
import { endWithUs } from './end-with-us.ts'

const root = resolve(import.meta.dirname, '../..')

/** How the CLI may be started; a launcher hands signals on, so only `direct` can be killed or halted. */
const entries = {
  direct: ['--conditions=source', 'cli/main.ts'],
  launcher: ['cli/gatehouse.js'],
} as const

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One command of the CLI, with nothing of this process's environment that it could read a setting from. */
export class GatehouseProcess {
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''
  #output = ''
  readonly finished: Promise<Finished>

  constructor(
    args: readonly string[],
    environment: Record<string, string>,
    entry: keyof typeof entries = 'direct',
    cwd = root,
  ) {
    this.#child = spawn(process.execPath, [...entries[entry], ...args], {
      cwd,
      env: { ...bareEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithUs(this.#child)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#output += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#output += text
    })
    this.finished = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get stdout(): string {
    return this.#stdout
  }

  /** Both streams, as they came. */
  get output(): string {
    return this.#output
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

  /** As Ctrl-C does. */
  async stop(): Promise<Finished> {
    this.signal('SIGINT')
    return this.finished
  }
}
