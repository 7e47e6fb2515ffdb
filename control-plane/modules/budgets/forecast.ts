/** What is known of a window at a moment. */
export interface SpendingSoFar {
  /** Nano-USD. */
  readonly settled: bigint
  /** Nano-USD. */
  readonly limit: bigint
  /** Since when it was spent: the beginning of the window, of the budget, or its last reset. */
  readonly since: Date
  /** Null: the window never ends. */
  readonly endsAt: Date | null
}

/** What comes of a window if spending goes on as it did. */
export interface Forecast {
  /** Spent by the end of the window, in nano-USD; null when it never ends. */
  readonly projected: bigint | null
  /** When the limit is reached; null: not in this window. */
  readonly exhaustedAt: Date | null
}

/** Of what passes until the window's end, so much must have passed. */
const leastShare = 1 / 20
/** Of a window that never ends. */
const leastMs = 60 * 60 * 1000
/** The last moment that a date can be. */
const endOfTimeMs = 8_640_000_000_000_000

/** By the mean rate since the window began; null while that is too short a time to tell. */
export function forecast({ settled, limit, since, endsAt }: SpendingSoFar, now: number): Forecast | null {
  const elapsedMs = now - since.getTime()
  const neededMs = endsAt ? Math.max(1, (endsAt.getTime() - since.getTime()) * leastShare) : leastMs
  if (elapsedMs < neededMs) return null
  const elapsed = BigInt(Math.floor(elapsedMs))
  const leftMs = endsAt ? BigInt(Math.max(0, Math.ceil(endsAt.getTime() - now))) : null
  return {
    projected: leftMs === null ? null : settled + (settled * leftMs) / elapsed,
    exhaustedAt: exhaustion(settled, limit - settled, elapsed, leftMs, now),
  }
}

function exhaustion(
  settled: bigint,
  left: bigint,
  elapsedMs: bigint,
  windowLeftMs: bigint | null,
  now: number,
): Date | null {
  if (left <= 0n) return new Date(now)
  if (settled === 0n) return null
  const inMs = (left * elapsedMs + settled - 1n) / settled
  if (inMs > (windowLeftMs ?? BigInt(endOfTimeMs - Math.ceil(now)))) return null
  return new Date(now + Number(inMs))
}
