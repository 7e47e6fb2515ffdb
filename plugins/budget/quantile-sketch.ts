/** Two values in one bucket differ by a tenth at most. */
const base = 1.1
const logBase = Math.log(base)
/** The last holds 2⁵³. */
const buckets = Math.ceil((53 * Math.LN2) / logBase) + 1
/** Once so many are counted each counts half, so that what was long ago is forgotten. */
const memory = 1_000

/** Knows below which value a share of the recent ones lies, a tenth too high at most and never too low. */
export class QuantileSketch {
  readonly #counts = new Uint16Array(buckets)
  #total = 0

  /** How many values count at present. */
  get total(): number {
    return this.#total
  }

  /** @param value from 1 to 2⁵³ */
  observe(value: number): void {
    const bucket = Math.ceil(Math.log(value) / logBase)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total++
    if (this.#total >= memory) this.#forgetHalf()
  }

  /** @param share from 0 to 1 */
  quantile(share: number): number {
    const wanted = share * this.#total
    let passed = 0
    let bucket = 0
    for (const count of this.#counts) {
      passed += count
      if (passed >= wanted && passed > 0) break
      bucket++
    }
    return Math.ceil(base ** bucket)
  }

  #forgetHalf(): void {
    this.#total = 0
    for (const [bucket, count] of this.#counts.entries()) {
      const left = count >> 1
      this.#counts[bucket] = left
      this.#total += left
    }
  }
}
