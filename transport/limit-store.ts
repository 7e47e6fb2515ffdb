export interface PermitRequest {
  readonly limitId: string
  readonly maxRequests: number
  readonly windowMs: number
  /** How many would be welcome; fewer are granted near the limit, down to none. */
  readonly wanted: number
}

export interface PermitGrant {
  readonly granted: number
  /**
   * These permits must be used within this time, measured from the moment `acquire` was called; the store counts
   * them for a window beyond it.
   */
  readonly holdMs: number
  /** What could still be granted, after this grant. */
  readonly remaining: number
  /** When nothing was granted: how long until a permit can be expected. */
  readonly retryAfterMs: number
}

/**
 * Request limits shared by all data planes, handed out as permits. A permit counts from its grant until
 * `holdMs + windowMs` later, so that no sliding window of `windowMs` ever sees more uses than `maxRequests`,
 * whenever within `holdMs` they happen.
 */
export interface LimitStore {
  /** One grant per request, in order. */
  acquire(requests: readonly PermitRequest[]): Promise<readonly PermitGrant[]>
  /**
   * Permits of this store's own grants that were not used, back at once instead of at the end of the window. They
   * must be given back within their `holdMs`, and not be used afterwards; later the store leaves them counted.
   */
  giveBack(limitId: string, permits: number): Promise<void>
}

/**
 * How long permits may be held: short against the window, so that at least 95 % of a limit can be used in it, and
 * long enough to answer most calls from memory.
 */
export function permitHoldMs(windowMs: number): number {
  return Math.min(1_000, Math.max(1, Math.floor(windowMs / 20)))
}

/**
 * How many of the wanted permits are granted. Near the limit it comes down to one, and for small limits it is one
 * always, so that no data plane sits on permits that another would use.
 */
export function permitsToGrant(wanted: number, free: number): number {
  if (free < 1 || wanted < 1) return 0
  return Math.min(wanted, Math.max(1, Math.floor(free / 8)))
}
