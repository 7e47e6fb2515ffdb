/** So many uses are remembered one by one; beyond, those of a short while are remembered together. */
const exactUses = 1024
/** Uses that are remembered together lie within this part of the window. */
const mergedShare = 1 / 1024
/** Entries that have left the window are cut off together. */
const cutAt = 512

/** Uses of one moment, or of moments that lie close together. */
export interface Uses {
  readonly since: number
  /** The time of the last; all of them count until it leaves the window. */
  until: number
  count: number
}

/**
 * The last uses of a limit, each of one request or of many tokens, by this data plane alone, for as
 * long as the shared store is out of reach. Never laxer than the share: no window has more uses. Exact up to a thousand
 * moments of use in a window, a thousandth of the window late beyond; takes a bounded amount of memory whatever the
 * limit.
 */
export class LocalWindow {
  readonly #windowMs: number
  /** Oldest first; those before `#first` have left the window. */
  #entries: Uses[] = []
  #first = 0
  #count = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Milliseconds until so many more uses are allowed under this share; 0 when they are allowed now. */
  waitMs(now: number, share: number, uses = 1): number {
    this.#forget(now)
    const most = share - uses
    let left = this.#count
    if (left <= most) return 0
    for (let index = this.#first; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (!entry) break
      left -= entry.count
      if (left <= most) return entry.until + this.#windowMs - now
    }
    return this.#windowMs
  }

  record(now: number, count = 1): Uses {
    this.#count += count
    const last = this.#entries.at(-1)
    if (last && this.#joins(last, now)) {
      if (now > last.until) last.until = now
      last.count += count
      return last
    }
    this.#forget(now)
    const uses = { since: now, until: now, count }
    this.#entries.push(uses)
    return uses
  }

  /** Takes back what was recorded in excess; nothing once it has left the window. */
  takeBack(uses: Uses, count: number): void {
    const taken = Math.min(count, uses.count)
    uses.count -= taken
    this.#count -= taken
  }

  /** How many uses lie within the window that ends now. */
  used(now: number): number {
    this.#forget(now)
    return this.#count
  }

  /** Milliseconds until all of them have left the window. */
  emptyInMs(now: number): number {
    const last = this.#entries.at(-1)
    return last ? Math.max(0, last.until + this.#windowMs - now) : 0
  }

  /** Whether no use lies within the window that ends now. */
  isIdle(now: number): boolean {
    this.#forget(now)
    return this.#count === 0
  }

  #joins(last: Uses, now: number): boolean {
    if (now <= last.until) return true
    const isCrowded = this.#entries.length - this.#first >= exactUses
    return isCrowded && now - last.since < this.#windowMs * mergedShare
  }

  #forget(now: number): void {
    for (let uses = this.#entries[this.#first]; uses; uses = this.#entries[this.#first]) {
      if (uses.until + this.#windowMs > now) break
      this.#count -= uses.count
      uses.count = 0
      this.#first++
    }
    if (this.#first === this.#entries.length || this.#first >= cutAt) {
      this.#entries.splice(0, this.#first)
      this.#first = 0
    }
  }
}
