/** A promise about time, held against many measurements of it. */
export interface TimePromise {
  readonly promise: string
  /** Which measurement must be within the limit: 0.99 for the 99th percentile, 1 for all of them. */
  readonly quantile: number
  readonly limitMs: number
}

export interface Verdict extends TimePromise {
  readonly runs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly kept: boolean
}

/** @param measuredMs at least one. */
export function judge(promise: TimePromise, measuredMs: readonly number[]): Verdict {
  if (measuredMs.length === 0) throw new RangeError(`nothing was measured for "${promise.promise}"`)
  const sorted = measuredMs.toSorted((a, b) => a - b)
  return {
    ...promise,
    runs: sorted.length,
    p50Ms: round(quantile(sorted, 0.5)),
    p99Ms: round(quantile(sorted, 0.99)),
    maxMs: round(quantile(sorted, 1)),
    kept: quantile(sorted, promise.quantile) <= promise.limitMs,
  }
}

/** By nearest rank: a measurement that was made, never one in between. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
