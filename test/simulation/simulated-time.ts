interface Timer {
  readonly at: number
  readonly run: () => void
  unref(): Timer
}

/** Reactions to a timer that run before the next one does. */
const turns = 12

/** A clock that stands until it is told to go on, and which the timers of this process follow while it is used. */
export class SimulatedTime implements Disposable {
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  /** Milliseconds since the epoch. */
  now = 1_700_000_000_000
  readonly #timers: Timer[] = []

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms: number) => this.in(ms, run),
      clearTimeout: (timer: Timer | undefined) => this.#cancel(timer),
    })
  }

  /** Runs something later; what is due at the same moment runs in the order in which it was asked for. */
  in(ms: number, run: () => void): Timer {
    const timer: Timer = { at: this.now + Math.round(ms), run, unref: () => timer }
    let index = this.#timers.length
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > timer.at) index--
    this.#timers.splice(index, 0, timer)
    return timer
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms
    await this.#react()
    for (let next = this.#timers[0]; next && next.at <= until; next = this.#timers[0]) {
      this.#timers.shift()
      this.now = next.at
      next.run()
      await this.#react()
    }
    this.now = until
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real)
  }

  #cancel(timer: Timer | undefined): void {
    const index = timer ? this.#timers.indexOf(timer) : -1
    if (index >= 0) this.#timers.splice(index, 1)
  }

  async #react(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await undefined
  }
}
