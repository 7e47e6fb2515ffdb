export interface RequestVerdict {
  readonly admitted: boolean
  /** How many more would be admitted right now. */
  readonly remaining: number
  /** Until the next one is admitted; 0 when it was. */
  readonly retryAfterSeconds: number
}

export interface RequestLimiter {
  readonly requestsPerMinute: number
  /** Counts one request of this sender. */
  admit(sender: string): RequestVerdict
  /** How many senders are remembered. */
  readonly tracked: number
}

const minuteMs = 60_000
/** Of about a hundred bytes each. */
const mostTracked = 20_000

/**
 * Admits so many requests from each sender at once, and as many a minute after that: the generic cell rate
 * algorithm (ITU-T I.371), which keeps one number for each sender. When there are too many senders, the one
 * that was quiet for the longest is forgotten, and begins anew.
 *
 * @param now milliseconds since the epoch
 */
export function createRequestLimiter(requestsPerMinute: number, now: () => number): RequestLimiter {
  const intervalMs = minuteMs / requestsPerMinute
  // When a sender's allowance is whole again; in the order of the last request.
  const wholeAt = new Map<string, number>()
  return {
    requestsPerMinute,
    admit(sender) {
      const at = now()
      const before = Math.max(wholeAt.get(sender) ?? at, at)
      const after = before + intervalMs
      const admitted = after - at <= minuteMs + roundingMs
      wholeAt.delete(sender)
      wholeAt.set(sender, admitted ? after : before)
      forgetQuietest(wholeAt)
      const used = ((admitted ? after : before) - at) / intervalMs
      return {
        admitted,
        remaining: Math.max(0, Math.floor(requestsPerMinute - used + roundingMs / intervalMs)),
        retryAfterSeconds: admitted ? 0 : Math.max(1, Math.ceil((after - at - minuteMs) / 1_000)),
      }
    },
    get tracked() {
      return wholeAt.size
    },
  }
}

/** Sums of fractions of a millisecond are off by less. */
const roundingMs = 1e-3

function forgetQuietest(wholeAt: Map<string, number>): void {
  if (wholeAt.size <= mostTracked) return
  const [quietest] = wholeAt.keys()
  if (quietest !== undefined) wholeAt.delete(quietest)
}
