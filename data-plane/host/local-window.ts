/**
 * The last uses of a limit by this data plane alone, for as long as the shared store is out of reach. Exact: of any
 * `share + 1` uses in a row, the last comes a window after the first.
 */
export class LocalWindow {
  readonly #windowMs: number
  /** The latest uses, as many as the largest share so far; `#next` is the oldest. */
  #times: Float64Array
  #next = 0

  constructor(share: number, windowMs: number) {
    this.#windowMs = windowMs
    this.#times = new Float64Array(share).fill(Number.NEGATIVE_INFINITY)
  }

  /** Milliseconds until one more use is allowed under this share; 0 when it is allowed now. */
  waitMs(now: number, share: number): number {
    if (share > this.#times.length) this.#grow(share)
    const length = this.#times.length
    const sharesBack = this.#times[(this.#next + length - share) % length] ?? Number.NEGATIVE_INFINITY
    return Math.max(0, sharesBack + this.#windowMs - now)
  }

  record(now: number): void {
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % this.#times.length
  }

  /** Whether no use lies within the window that ends now. */
  isIdle(now: number): boolean {
    const last = this.#times[(this.#next + this.#times.length - 1) % this.#times.length]
    return last === undefined || last + this.#windowMs <= now
  }

  #grow(share: number): void {
    const inOrder = [...this.#times.subarray(this.#next), ...this.#times.subarray(0, this.#next)]
    // What came before the oldest use that is remembered is taken to have come together with it.
    const times = new Float64Array(share).fill(inOrder[0] ?? Number.NEGATIVE_INFINITY)
    times.set(inOrder, share - inOrder.length)
    this.#times = times
    this.#next = 0
  }
}
