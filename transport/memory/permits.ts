import { grantsLookedThrough, permitsToGrant } from '../limit-store.ts'

/** Times are in any one unit, measured on one clock. */
export interface PermitAsk {
  readonly grantId: string
  readonly max: number
  /** How long a grant counts: the time for which it may be held plus the window. */
  readonly lifetime: number
  readonly needed: number
  readonly wanted: number
  readonly now: number
}

export interface PermitAnswer {
  readonly granted: number
  /** What could still be granted. */
  readonly remaining: number
  /** When nothing was granted: how long until enough stops counting, or at least until then. 0 otherwise. */
  readonly retryAfter: number
}

interface Grant {
  readonly id: string
  permits: number
  /** It counts as long as the time is before this. */
  readonly until: number
}

/**
 * The permits of one limit, as a plain model: what the Lua script does in Redis is held against this.
 *
 * Whoever got a permit uses it at most `hold` after its grant, and it counts until `hold + window` after its grant.
 * So at any time all uses within the last `window` still count, and their sum never exceeds the limit.
 */
export class PermitWindow {
  /** In the order in which they stop counting. */
  readonly #grants: Grant[] = []
  #taken = 0

  /** Permits that count at present. */
  taken(now: number): number {
    this.#forget(now)
    return this.#taken
  }

  acquire({ grantId, max, lifetime, needed, wanted, now }: PermitAsk): PermitAnswer {
    this.#forget(now)
    const free = max - this.#taken
    const granted = permitsToGrant({ needed, wanted }, free)
    const remaining = Math.max(0, free - granted)
    if (granted === 0) return { granted, remaining, retryAfter: this.#timeUntilFree(max - needed, now) }
    this.#insert({ id: grantId, permits: granted, until: now + lifetime })
    this.#taken += granted
    return { granted, remaining, retryAfter: 0 }
  }

  /** Leaves at most `permits` of a grant. Doing it again changes nothing. */
  keep(grantId: string, permits: number, now: number): void {
    this.#forget(now)
    const index = this.#grants.findIndex(({ id }) => id === grantId)
    const grant = this.#grants[index]
    if (!grant || grant.permits <= permits) return
    this.#taken -= grant.permits - permits
    grant.permits = permits
    if (permits === 0) this.#grants.splice(index, 1)
  }

  #forget(now: number): void {
    let gone = 0
    for (const grant of this.#grants) {
      if (grant.until > now) break
      this.#taken -= grant.permits
      gone++
    }
    this.#grants.splice(0, gone)
  }

  /** Until no more than `most` count: several grants may have to end first. */
  #timeUntilFree(most: number, now: number): number {
    const looked = this.#grants.slice(0, grantsLookedThrough)
    let taken = this.#taken
    for (const grant of looked) {
      taken -= grant.permits
      if (taken <= most) return grant.until - now
    }
    return (looked.at(-1)?.until ?? now) - now
  }

  /** Almost always at the end; only a window that was shortened puts a grant before older ones. */
  #insert(grant: Grant): void {
    let index = this.#grants.length
    while (index > 0 && (this.#grants[index - 1]?.until ?? 0) > grant.until) index--
    this.#grants.splice(index, 0, grant)
  }
}
