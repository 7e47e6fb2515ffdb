/** Rounds begin so far apart at least: a disk that is quick would otherwise get a round per call. */
const roundGapMs = 1

/**
 * Lets many callers share one slow flush to disk: each waits for a round that began after it asked. When none is under
 * way, a round begins once the event loop has read what has arrived.
 */
export class GroupSync {
  readonly #sync: () => Promise<void>
  #next: PromiseWithResolvers<void> | undefined
  #isRunning = false
  #startedAtMs = Number.NEGATIVE_INFINITY

  constructor(sync: () => Promise<void>) {
    this.#sync = sync
  }

  /** @throws whatever the flush throws, to all that share it. */
  wait(): Promise<void> {
    if (!this.#next) {
      this.#next = Promise.withResolvers<void>()
      if (!this.#isRunning) this.#schedule()
    }
    return this.#next.promise
  }

  #schedule(): void {
    if (performance.now() - this.#startedAtMs >= roundGapMs) setImmediate(() => this.#run())
    else setTimeout(() => this.#run(), roundGapMs)
  }

  #run(): void {
    const round = this.#next
    if (!round) return
    this.#next = undefined
    this.#isRunning = true
    this.#startedAtMs = performance.now()
    const ended = () => {
      this.#isRunning = false
      if (this.#next) this.#schedule()
    }
    this.#sync().then(round.resolve, round.reject).finally(ended)
  }
}
