const periodMs = 250

/** How often something is used, and how much of it, as of the last quarter of a second or longer. */
export class UseRate {
  #uses = 0
  #amount = 0
  #usesPerMs = 0
  #amountPerMs = 0
  #measuredAt = 0

  record(amount: number): void {
    this.#uses++
    this.#amount += amount
  }

  measure(now: number): void {
    const elapsedMs = now - this.#measuredAt
    if (elapsedMs < periodMs) return
    this.#usesPerMs = this.#uses / elapsedMs
    this.#amountPerMs = this.#amount / elapsedMs
    this.#uses = 0
    this.#amount = 0
    this.#measuredAt = now
  }

  usesIn(ms: number): number {
    return this.#usesPerMs * ms
  }

  amountIn(ms: number): number {
    return this.#amountPerMs * ms
  }

  /** The mean of one use; 1 while none is known. */
  get amountOfOne(): number {
    return this.#usesPerMs === 0 ? 1 : Math.ceil(this.#amountPerMs / this.#usesPerMs)
  }
}
