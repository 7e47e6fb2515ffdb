/** What a data plane has seen of itself since the last look. */
export interface Load {
  /** Calls that are under way. */
  readonly inProgress: number
  /** How long what was ready had to wait for its turn, at the median. */
  readonly waitMs: number
  /** The share of the time in which there was nothing to do, 0 to 1. */
  readonly idle: number
}

/** A call waits for its turn three or four times: half of this is not noticed, and ten times this is. */
export const waitLimitMs = 20
export const deepestCut = 0.9

const slowestGrowth = 0.005
const lowestLimit = 16

/**
 * How many calls may be under way until the next look. What is ready waits the longer the more comes than can be served,
 * whatever the calls are like and however long their providers take: so the wait is measured, and nothing has to be
 * configured. A cut counts from what is under way, so that calls which take long are not cut again for each look until
 * they end. It is the deeper the longer the wait, and the growth is the faster the more time is left over.
 */
export function nextLimit(limit: number, { inProgress, waitMs, idle }: Load): number {
  if (waitMs <= waitLimitMs) return limit * (1 + Math.max(slowestGrowth, idle / 2))
  const cut = Math.max(deepestCut, waitLimitMs / waitMs)
  return Math.max(lowestLimit, Math.min(limit, inProgress * cut))
}
