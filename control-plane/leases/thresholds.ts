/** The shares of a limit whose crossing is told, in percent. */
export const thresholdPercents = [50, 80, 100] as const
export type ThresholdPercent = (typeof thresholdPercents)[number]

export interface Settlement {
  /** The highest share whose crossing was told of the window; 0: none. */
  readonly crossedPercent: number
  readonly before: bigint
  readonly after: bigint
  /** As it is now. */
  readonly limit: bigint
}

/**
 * Which thresholds a window crosses as it is charged: each once, however small the steps. What lies under one again, by a
 * reset or a raised limit, may cross it again.
 */
export function crossings({ crossedPercent, before, after, limit }: Settlement): {
  readonly crossed: readonly ThresholdPercent[]
  readonly crossedPercent: number
} {
  const told = Math.min(crossedPercent, reachedPercent(before, limit))
  const reached = reachedPercent(after, limit)
  const crossed = thresholdPercents.filter((percent) => percent > told && percent <= reached)
  return { crossed, crossedPercent: reached }
}

function reachedPercent(spent: bigint, limit: bigint): number {
  return thresholdPercents.findLast((percent) => spent * 100n >= BigInt(percent) * limit) ?? 0
}
