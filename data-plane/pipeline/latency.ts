/** Four buckets per power of two, from 1/16 µs up: a quantile is right within 19 %. */
const bucketsPerOctave = 4
const ticksPerMs = 16_000
const bucketCount = 32 * bucketsPerOctave

/** Durations in logarithmic buckets: recording one costs a few nanoseconds and no memory. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(bucketCount)
  #total = 0

  record(durationMs: number): void {
    const ticks = Math.min(Math.max(durationMs * ticksPerMs, 4), 0x7fffffff) | 0
    const octave = 31 - Math.clz32(ticks)
    const bucket = octave * bucketsPerOctave + ((ticks >> (octave - 2)) & 3)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total++
  }

  /** The duration that `share` of the recorded ones did not exceed, in ms; null when there are none. */
  quantileMs(share: number): number | null {
    if (this.#total === 0) return null
    let left = Math.max(1, Math.ceil(this.#total * share))
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return upperBoundMs(bucket)
    }
    return upperBoundMs(bucketCount - 1)
  }
}

function upperBoundMs(bucket: number): number {
  const octave = Math.floor(bucket / bucketsPerOctave)
  const quarter = (bucket % bucketsPerOctave) + 1
  return (2 ** octave * (1 + quarter / bucketsPerOctave)) / ticksPerMs
}
