/** Whether a request may be taken, and when the next one may. */
export interface RequestVerdict {
  readonly admitted: boolean
  /** How many more would be admitted right now. */
  readonly remaining: number
  /** Until the next one is admitted; 0 when it was. */
  readonly retryAfterSeconds: number
}

/** Requests of senders, counted for all processes that share the store. */
export interface RequestRates {
  /**
   * Admits so many requests of a sender at once, and as many a minute after that.
   *
   * @throws TransportUnavailable when it is not known within the store's time limit.
   */
  take(sender: string, requestsPerMinute: number): Promise<RequestVerdict>
}

export const rateWindowMs = 60_000
/** Sums of fractions of a millisecond are off by less. */
export const roundingMs = 1e-3

/**
 * The generic cell rate algorithm (ITU-T I.371), which keeps one number for each sender: when their allowance is whole
 * again. As a plain model: what the Lua script does in Redis is held against this.
 */
export function takeRequest(
  wholeAt: number | undefined,
  requestsPerMinute: number,
  nowMs: number,
): { readonly admitted: boolean; readonly wholeAt: number } {
  const before = Math.max(wholeAt ?? nowMs, nowMs)
  const after = before + rateWindowMs / requestsPerMinute
  const admitted = after - nowMs <= rateWindowMs + roundingMs
  return { admitted, wholeAt: admitted ? after : before }
}

/** @param aheadMs until the allowance is whole again */
export function verdictOf(admitted: boolean, requestsPerMinute: number, aheadMs: number): RequestVerdict {
  const intervalMs = rateWindowMs / requestsPerMinute
  const untilNextMs = aheadMs + intervalMs - rateWindowMs
  return {
    admitted,
    remaining: Math.max(0, Math.floor(requestsPerMinute - aheadMs / intervalMs + roundingMs / intervalMs)),
    retryAfterSeconds: admitted ? 0 : Math.max(1, Math.ceil((untilNextMs - roundingMs) / 1_000)),
  }
}
