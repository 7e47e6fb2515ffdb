/** How full the store between the planes is. */
export interface StoreMemory {
  readonly usedBytes: number
  /** What it may use; null: all there is. */
  readonly maxBytes: number | null
  /** What it does when that is used up, as it calls it. */
  readonly policy: string
  /** Whether it then throws away what it was given, instead of refusing what comes. */
  readonly evicts: boolean
}

/** So much of it is nearly all. */
const highShare = 0.9

/** What an operator has to do about it; undefined when all is well. */
export function memoryProblem({ evicts, usedBytes, maxBytes, policy }: StoreMemory): string | undefined {
  if (evicts) {
    return `Redis throws data away when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction`
  }
  const isHigh = maxBytes !== null && usedBytes > maxBytes * highShare
  return isHigh
    ? 'Redis has nearly used up its maxmemory and refuses what comes then: give it more'
    : undefined
}
