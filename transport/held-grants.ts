interface HeldGrant {
  readonly id: string
  permits: number
  /** On the holder's clock. */
  readonly heldUntil: number
}

/** What is left of one grant after permits were given back. */
export interface KeptGrant {
  readonly grantId: string
  readonly permits: number
}

const sweepIntervalMs = 10_000

/**
 * The grants that one data plane may still use, so that what it gives back is taken off its own grants and never
 * off another's. Its oldest go first: the ones that stay count longer, so whichever permits were really used, the
 * store counts them long enough.
 */
export class HeldGrants {
  readonly #grants = new Map<string, HeldGrant[]>()
  #sweptAt = 0

  add(limitId: string, grantId: string, permits: number, heldUntil: number, now: number): void {
    this.#sweep(now)
    const held = this.#held(limitId, now)
    held.push({ id: grantId, permits, heldUntil })
    this.#grants.set(limitId, held)
  }

  /** Takes permits off the grants that may still be used; what exceeds them stays counted. */
  giveBack(limitId: string, permits: number, now: number): KeptGrant[] {
    const kept: KeptGrant[] = []
    let left = permits
    for (const grant of this.#held(limitId, now)) {
      if (left <= 0) break
      const returned = Math.min(left, grant.permits)
      if (returned === 0) continue
      grant.permits -= returned
      left -= returned
      kept.push({ grantId: grant.id, permits: grant.permits })
    }
    return kept
  }

  #held(limitId: string, now: number): HeldGrant[] {
    return this.#grants.get(limitId)?.filter(({ heldUntil }) => heldUntil > now) ?? []
  }

  /** Limits that are asked for no more must not be remembered for ever. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepIntervalMs) return
    this.#sweptAt = now
    for (const limitId of [...this.#grants.keys()]) {
      if (this.#held(limitId, now).length === 0) this.#grants.delete(limitId)
    }
  }
}
