export interface PermitRequest {
  readonly limitId: string
  readonly maxRequests: number
  readonly windowMs: number
  /** How many would be welcome; fewer are granted near the limit, down to none. */
  readonly wanted: number
}

export interface PermitGrant {
  readonly granted: number
  /** These permits must be used within this time; the store counts them for a window beyond it. */
  readonly holdMs: number
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
  /** Unused permits, back at once instead of at the end of the window. */
  giveBack(limitId: string, permits: number): Promise<void>
}
