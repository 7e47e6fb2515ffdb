/** After a round of so many callers the next begins so much later at least, so that it is worth its cost too. */
const crowd = 4
const crowdedGapMs = 2

/**
 * Lets many callers share one slow flush to disk: each waits for a round that began after it asked. When none is under
 * way, a round begins once the event loop has read what has arrived.
 */
export class GroupSync<Result = void> {
  readonly #sync: () => Promise<Result>
  #next: PromiseWithResolvers<Result> | undefined
  #isRunning = false
  #callers = 0
  /** When the next round may begin. */
  #notBeforeMs = Number.NEGATIVE_INFINITY

  constructor(sync: () => Promise<Result>) {
    this.#sync = sync
  }

  /** Resolves to what the flush gives. @throws whatever it throws, to all that share it. */
  wait(): Promise<Result> {
    this.#callers++
    if (!this.#next) {
      this.#next = Promise.withResolvers<Result>()
      if (!this.#isRunning) this.#schedule()
    }
    return this.#next.promise
  }

  #schedule(): void {
    const waitMs = this.#notBeforeMs - performance.now()
    if (waitMs <= 0) setImmediate(() => this.#run())
    else setTimeout(() => this.#run(), waitMs)
  }

  #run(): void {
    const round = this.#next
    if (!round) return
    this.#next = undefined
    this.#isRunning = true
    if (this.#callers >= crowd) this.#notBeforeMs = performance.now() + crowdedGapMs
    this.#callers = 0
    const ended = () => {
      this.#isRunning = false
      if (this.#next) this.#schedule()
    }
    this.#sync().then(round.resolve, round.reject).finally(ended)
  }
}
