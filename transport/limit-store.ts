export interface PermitRequest {
  readonly limitId: string
  readonly max: number
  readonly windowMs: number
  /** Fewer are of no use: rather than fewer, none is granted. */
  readonly needed: number
  /** How many would be welcome; near the limit it comes down to those that are needed. */
  readonly wanted: number
}

export interface PermitGrant {
  /** Names the grant to `keep`. */
  readonly grantId: string
  readonly granted: number
  /**
   * These permits must be used within this time, measured from the moment `acquire` was called; the store counts
   * them for a window beyond it.
   */
  readonly holdMs: number
  /** What could still be granted, after this grant. */
  readonly remaining: number
  /** When nothing was granted: until then, what is needed cannot be expected unless somebody gives back. */
  readonly retryAfterMs: number
}

/** What of a grant stays counted. */
export interface KeptPermits {
  readonly limitId: string
  readonly grantId: string
  readonly permits: number
}

/**
 * Limits shared by all data planes, handed out as permits: each for one request, or for one token. A permit counts from
 * its grant until `holdMs + windowMs` later, so that no sliding window of `windowMs` ever sees more uses than `max`,
 * whenever within `holdMs` they happen.
 */
export interface LimitStore {
  /** One grant per request, in order. */
  acquire(requests: readonly PermitRequest[]): Promise<readonly PermitGrant[]>
  /**
   * Gives back what of a grant was not used and never will be. It says what is left, not what is taken off: a late or
   * doubled one changes nothing, and nobody else's permits are touched.
   */
  keep(kept: readonly KeptPermits[]): Promise<void>
}

/**
 * How long permits may be held: short against the window, so that at least 95 % of a limit can be used in it, and
 * long enough to answer most calls from memory.
 */
export function permitHoldMs(windowMs: number): number {
  return Math.min(1_000, Math.max(1, Math.floor(windowMs / 40)))
}

/** So many grants are looked through to tell how long to wait: Redis serves nobody else meanwhile. */
export const grantsLookedThrough = 128

/**
 * How many permits are granted. Near the limit it comes down to those that are needed, and for small limits it is
 * these always, so that no data plane sits on permits that another would use.
 */
export function permitsToGrant(
  { needed, wanted }: Pick<PermitRequest, 'needed' | 'wanted'>,
  free: number,
): number {
  if (needed < 1 || free < needed) return 0
  return Math.max(needed, Math.min(wanted, Math.floor(free / 8)))
}
