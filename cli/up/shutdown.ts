import { setTimeout as delay } from 'node:timers/promises'

export interface Part {
  readonly name: string
  /** It is given up after this time, so that the others get their turn. */
  readonly limitMs: number
  stop(): Promise<unknown>
}

/** What has been started, to be stopped in the reverse order. */
export class RunningParts {
  readonly #parts: Part[] = []
  readonly #report: (problem: string) => void
  #stopping: Promise<boolean> | undefined

  constructor(report: (problem: string) => void) {
    this.#report = report
  }

  add(part: Part): void {
    this.#parts.push(part)
  }

  get stopping(): boolean {
    return this.#stopping !== undefined
  }

  /** Stops every part, also after one failed; true when all of them stopped in time. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<boolean> {
    let clean = true
    for (const part of this.#parts.toReversed()) {
      const problem = await stopOne(part)
      if (problem === undefined) continue
      clean = false
      this.#report(`${part.name} did not stop cleanly: ${problem}`)
    }
    return clean
  }
}

async function stopOne(part: Part): Promise<string | undefined> {
  const late = new AbortController()
  try {
    return await Promise.race([
      part.stop().then(() => undefined),
      delay(part.limitMs, `no end after ${part.limitMs / 1000} s`, { signal: late.signal }),
    ])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    late.abort()
  }
}
