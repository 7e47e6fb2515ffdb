/**
 * The last uses of a limit by this data plane alone, for as long as the shared store is out of reach. Exact: of any
 * `share + 1` uses in a row, the last comes a window after the first.
 */
export class LocalWindow {
  readonly #windowMs: number
  readonly #times: Float64Array
  #next = 0

  constructor(share: number, windowMs: number) {
    this.#windowMs = windowMs
    this.#times = new Float64Array(share).fill(Number.NEGATIVE_INFINITY)
  }

  get share(): number {
    return this.#times.length
  }

  /** Milliseconds until one more use is allowed; 0 when it is allowed now. */
  waitMs(now: number): number {
    const oldest = this.#times[this.#next] ?? Number.NEGATIVE_INFINITY
    return Math.max(0, oldest + this.#windowMs - now)
  }

  /** Whether no use lies within the window that ends now. */
  isIdle(now: number): boolean {
    const last = this.#times[(this.#next + this.#times.length - 1) % this.#times.length]
    return last === undefined || last + this.#windowMs <= now
  }

  record(now: number): void {
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % this.#times.length
  }

  /** The same past under another share, when the number of data planes or the limit has changed. */
  withShare(share: number): LocalWindow {
    const resized = new LocalWindow(share, this.#windowMs)
    for (let index = 0; index < this.#times.length; index++) {
      const time = this.#times[(this.#next + index) % this.#times.length]
      if (time !== undefined && Number.isFinite(time)) resized.record(time)
    }
    return resized
  }
}
