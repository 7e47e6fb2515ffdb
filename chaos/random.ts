/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state: number

  /** @param seed a whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0 and less than 1. Mulberry32: 32 bits of state are plenty for a schedule. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** At least `from` and less than `to`. */
  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** @param weighted at least one, each with a positive weight */
  pick<Value>(weighted: readonly (readonly [Value, number])[]): Value {
    let left = this.next() * weighted.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [value, weight] of weighted) {
      left -= weight
      if (left < 0) return value
    }
    const last = weighted.at(-1)
    if (!last) throw new RangeError('nothing to pick from')
    return last[0]
  }
}
