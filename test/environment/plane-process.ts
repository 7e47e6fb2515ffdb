import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { bareEnvironment } from '../acceptance/bare-environment.ts'

const root = resolve(import.meta.dirname, '../..')

/** One plane as a process of its own, with nothing of this one's environment. */
export class PlaneProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<readonly [number | null, NodeJS.Signals | null]>
  #output = ''

  constructor(command: 'control-plane' | 'data-plane', env: Record<string, string>) {
    this.#child = spawn(process.execPath, ['--conditions=source', 'cli/main.ts', command], {
      cwd: root,
      env: { ...bareEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    this.#exited = once(this.#child, 'close').then(([code, signal]) => [code, signal])
  }

  get output(): string {
    return this.#output
  }

  /** Where it takes calls, once its log tells. */
  url(): Promise<string> {
    return this.#address('url')
  }

  statusUrl(): Promise<string> {
    return this.#address('statusUrl')
  }

  async #address(name: 'url' | 'statusUrl'): Promise<string> {
    const signal = AbortSignal.timeout(30_000)
    for (;;) {
      const url = new RegExp(`"${name}":"([^"]+)"`).exec(this.#output)?.[1]
      if (url !== undefined) return url
      if (signal.aborted || this.#child.exitCode !== null)
        throw new Error(`it does not listen: ${this.#output}`)
      await new Promise((next) => setTimeout(next, 20))
    }
  }

  /** Asks it to end. @returns the exit code; null when it had to be killed */
  async end(signal: NodeJS.Signals, limitMs: number): Promise<number | null> {
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), limitMs)
    this.#child.kill(signal)
    const [code] = await this.#exited
    clearTimeout(overdue)
    return code
  }
}
