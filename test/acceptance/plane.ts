import { GatehouseProcess } from './gatehouse-process.ts'
import { eventually } from './gateway.ts'

type Command = 'control-plane' | 'data-plane' | 'simulator'

/** One long-running command of the CLI, which a test stops, kills, halts and starts again. */
export class Plane {
  readonly #command: Command
  readonly #environment: Record<string, string>
  readonly #root: string | undefined
  #process: GatehouseProcess | undefined

  /** @param root of the source tree that it is run from; absent: this one. */
  constructor(command: Command, environment: Record<string, string>, root?: string) {
    this.#root = root
    this.#command = command
    this.#environment = environment
  }

  /** Starts it, with these flags this time; resolves when its output says so. */
  async start(...flags: readonly string[]): Promise<void> {
    const started = new GatehouseProcess([this.#command, ...flags], this.#environment, 'direct', this.#root)
    this.#process = started
    await eventually(
      () => /"msg":"ready"|listens on/.test(started.output),
      60_000,
      () => `${this.#command}: ${started.output}`,
      started.finished,
    )
  }

  /** Where a data plane keeps what survives it. */
  get stateDirectory(): string {
    return this.#environment.GATEHOUSE_STATE_DIR ?? ''
  }

  /** @throws Error before the first start. */
  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error(`${this.#command} has not been started`)
    return pid
  }

  /** What it has said since its last start. */
  get output(): string {
    return this.#process?.output ?? ''
  }

  /** An address out of its log, whose lines are JSON. */
  address(name: 'url' | 'statusUrl'): string {
    const found = new RegExp(`"${name}":"([^"]+)"`).exec(this.output)?.[1]
    if (found === undefined) throw new Error(`${this.#command} told no ${name}: ${this.output}`)
    return found
  }

  /** As Ctrl-C does, or an orchestrator; resolves with the exit code. */
  stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    return this.#end(signal)
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** It stays alive and connected, and does nothing until {@link resume}. */
  halt(): void {
    this.#process?.signal('SIGSTOP')
  }

  resume(): void {
    this.#process?.signal('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = this.#process
    if (!ending) return null
    ending.signal('SIGCONT')
    ending.signal(signal)
    return (await ending.finished).code
  }
}
