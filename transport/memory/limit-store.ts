import { HeldGrants } from '../held-grants.ts'
import { type LimitStore, type PermitGrant, type PermitRequest, permitHoldMs } from '../limit-store.ts'
import type { Bus } from './bus.ts'
import { PermitWindow } from './permits.ts'

const sweepIntervalMs = 60_000

/** The request limits of all data planes of this process. */
export class MemoryLimits {
  readonly #windows = new Map<string, PermitWindow>()
  readonly #bus: Bus
  readonly #now: () => number
  #sequence = 0
  #sweptAt = 0

  constructor(bus: Bus, now: () => number) {
    this.#bus = bus
    this.#now = now
  }

  /** As one data plane takes from them. */
  store(organizationId: string): LimitStore {
    const held = new HeldGrants()
    return {
      acquire: (requests) =>
        this.#bus.run(() => requests.map((request) => this.#acquire(organizationId, request, held))),
      giveBack: (limitId, permits) =>
        this.#bus.run(() => {
          const now = this.#now()
          const window = this.#window(organizationId, limitId)
          for (const kept of held.giveBack(limitId, permits, now))
            window.keep(kept.grantId, kept.permits, now)
        }),
    }
  }

  #acquire(organizationId: string, request: PermitRequest, held: HeldGrants): PermitGrant {
    const { limitId, maxRequests, windowMs, wanted } = request
    const now = this.#now()
    this.#sweep(now)
    const holdMs = permitHoldMs(windowMs)
    const grantId = `${++this.#sequence}`
    const lifetime = holdMs + windowMs
    const answer = this.#window(organizationId, limitId).acquire({
      grantId,
      maxRequests,
      lifetime,
      wanted,
      now,
    })
    if (answer.granted > 0) held.add(limitId, grantId, answer.granted, now + holdMs, now)
    return {
      granted: answer.granted,
      holdMs,
      remaining: answer.remaining,
      retryAfterMs: Math.ceil(answer.retryAfter),
    }
  }

  #window(organizationId: string, limitId: string): PermitWindow {
    const name = `${organizationId}/${limitId}`
    const window = this.#windows.get(name) ?? new PermitWindow()
    this.#windows.set(name, window)
    return window
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < sweepIntervalMs) return
    this.#sweptAt = now
    for (const [name, window] of this.#windows) if (window.taken(now) === 0) this.#windows.delete(name)
  }
}
