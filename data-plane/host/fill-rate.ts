/** Time after which a burst counts for about a third. */
const memoryMs = 60_000

/** An average of bytes per second that forgets. */
export class FillRate {
  readonly #nowMs: () => number
  #bytesPerMs = 0
  #at: number

  /** @param nowMs on a clock that never goes back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
    this.#at = nowMs()
  }

  add(bytes: number): void {
    const now = this.#nowMs()
    this.#bytesPerMs = this.#decayed(now) + bytes / memoryMs
    this.#at = now
  }

  get bytesPerSecond(): number {
    return this.#decayed(this.#nowMs()) * 1_000
  }

  #decayed(now: number): number {
    return this.#bytesPerMs * Math.exp((this.#at - now) / memoryMs)
  }
}
