import {
  type RequestRates,
  type RequestVerdict,
  takeRequest,
  verdictOf,
} from '../../transport/request-rates.ts'
import { TransportUnavailable } from '../../transport/transport.ts'

export interface RequestLimiter {
  readonly requestsPerMinute: number
  /** Counts one request of this sender. */
  admit(sender: string): Promise<RequestVerdict>
  /** How many senders are remembered here. */
  readonly tracked: number
}

export interface LimiterOptions {
  readonly requestsPerMinute: number
  /** Tells the senders of this limiter from those of others: `address`, `principal`. */
  readonly kind: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Counts for all processes; without it this one counts for itself. */
  readonly shared: RequestRates | undefined
}

/** Whom requests are counted by, on every route that a token opens. */
export interface RequestLimiters {
  /** Before it is known who asks. */
  readonly ofAddress: RequestLimiter
  readonly ofPrincipal: RequestLimiter
}

export function createRequestLimiters(
  limits: { readonly requestsPerMinute: number; readonly requestsPerMinuteOfAddress: number },
  counting: Pick<LimiterOptions, 'now' | 'shared'>,
): RequestLimiters {
  const { requestsPerMinute, requestsPerMinuteOfAddress } = limits
  return {
    ofAddress: createRequestLimiter({
      ...counting,
      kind: 'address',
      requestsPerMinute: requestsPerMinuteOfAddress,
    }),
    ofPrincipal: createRequestLimiter({ ...counting, kind: 'principal', requestsPerMinute }),
  }
}

/** Of about a hundred bytes each. */
const mostTracked = 20_000
/** A store that did not answer is asked again after this, so that not every request waits for it. */
const pauseMs = 1_000

/**
 * Admits so many requests from each sender at once, and as many a minute after that, over all processes that share a
 * store. While the store is away, and beyond what it knows, each process keeps to the limit by itself.
 */
export function createRequestLimiter({
  requestsPerMinute,
  kind,
  now,
  shared,
}: LimiterOptions): RequestLimiter {
  const local = new LocalRates(requestsPerMinute, now)
  let askAgainAt = 0
  const askShared = async (sender: string): Promise<RequestVerdict | undefined> => {
    if (!shared || now() < askAgainAt) return undefined
    try {
      return await shared.take(`${kind}:${sender}`, requestsPerMinute)
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error
      askAgainAt = now() + pauseMs
      return undefined
    }
  }
  return {
    requestsPerMinute,
    async admit(sender) {
      const everywhere = await askShared(sender)
      if (everywhere?.admitted === false) return everywhere
      const here = local.take(sender)
      return everywhere && here.admitted && everywhere.remaining < here.remaining ? everywhere : here
    },
    get tracked() {
      return local.tracked
    },
  }
}

/** What this process has admitted. Of too many senders the one that was quiet for the longest begins anew. */
class LocalRates {
  readonly #requestsPerMinute: number
  readonly #now: () => number
  /** When a sender's allowance is whole again; in the order of the last request. */
  readonly #wholeAt = new Map<string, number>()

  constructor(requestsPerMinute: number, now: () => number) {
    this.#requestsPerMinute = requestsPerMinute
    this.#now = now
  }

  take(sender: string): RequestVerdict {
    const at = this.#now()
    const { admitted, wholeAt } = takeRequest(this.#wholeAt.get(sender), this.#requestsPerMinute, at)
    this.#wholeAt.delete(sender)
    this.#wholeAt.set(sender, wholeAt)
    const [quietest] = this.#wholeAt.keys()
    if (this.tracked > mostTracked && quietest !== undefined) this.#wholeAt.delete(quietest)
    return verdictOf(admitted, this.#requestsPerMinute, wholeAt - at)
  }

  get tracked(): number {
    return this.#wholeAt.size
  }
}
