/** Lets many callers share one slow flush to disk: each waits for one that began after it asked. */
export class GroupSync {
  readonly #sync: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(sync: () => Promise<void>) {
    this.#sync = sync
  }

  /** @throws whatever the flush throws, to all that share it. */
  wait(): Promise<void> {
    if (!this.#running) return this.#start()
    const startNext = () => {
      this.#next = undefined
      return this.#start()
    }
    this.#next ??= this.#running.then(startNext, startNext)
    return this.#next
  }

  #start(): Promise<void> {
    const running = this.#sync().finally(() => {
      if (!this.#next) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
