/** Each holds a connection and next to nothing else. */
const mostHeld = 2_000

/** This control plane holds as many polls as it may. */
export class TooManyPolls extends Error {
  override readonly name = 'TooManyPolls'
}

/** The polls that wait for a commit, each of them from its arrival to its answer. */
export class HeldPolls {
  readonly #held = new Map<string, HeldPoll>()
  #isClosed = false

  /**
   * From now on no commit is missed. A data plane waits once: its earlier poll is answered at once.
   *
   * @throws TooManyPolls
   */
  hold(organizationId: string, dataPlaneId: string): HeldPoll {
    const name = `${organizationId} ${dataPlaneId}`
    this.#held.get(name)?.end()
    if (this.#held.size >= mostHeld) throw new TooManyPolls(`more than ${mostHeld} polls are held`)
    const poll = new HeldPoll(organizationId, () => {
      if (this.#held.get(name) === poll) this.#held.delete(name)
    })
    this.#held.set(name, poll)
    if (this.#isClosed) poll.end()
    return poll
  }

  /** A hint, which may come for nothing. */
  wake(organizationId: string): void {
    for (const poll of this.#held.values()) if (poll.organizationId === organizationId) poll.wake()
  }

  /** Whatever is held, now or later, is answered at once. */
  close(): void {
    this.#isClosed = true
    for (const poll of this.#held.values()) poll.end()
  }
}

export class HeldPoll {
  readonly organizationId: string
  readonly #onEnd: () => void
  #isWoken = false
  #hasEnded = false
  #endRest: () => void = () => undefined

  constructor(organizationId: string, onEnd: () => void) {
    this.organizationId = organizationId
    this.#onEnd = onEnd
  }

  /** It is to be held no longer: answered, given up, or in the way. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  wake(): void {
    this.#isWoken = true
    this.#endRest()
  }

  end(): void {
    this.#hasEnded = true
    this.#onEnd()
    this.#endRest()
  }

  /** Until it is woken, or was since the last rest; at most so long. */
  rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endRest(), ms)
      this.#endRest = () => {
        clearTimeout(timer)
        this.#isWoken = false
        resolve()
      }
      if (this.#isWoken || this.#hasEnded) this.#endRest()
    })
  }
}
