import { type LimitStore, type PermitGrant, type PermitRequest, permitHoldMs } from '../limit-store.ts'
import type { Bus } from './bus.ts'
import { PermitWindow } from './permits.ts'

const sweepIntervalMs = 60_000

/** The limits of all data planes of this process. */
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
    return {
      acquire: (requests) =>
        this.#bus.run(() => requests.map((request) => this.#acquire(organizationId, request))),
      keep: (kept) =>
        this.#bus.run(() => {
          const now = this.#now()
          for (const { limitId, grantId, permits } of kept)
            this.#window(organizationId, limitId).keep(grantId, permits, now)
        }),
    }
  }

  #acquire(organizationId: string, request: PermitRequest): PermitGrant {
    const { limitId, windowMs, ...ask } = request
    const now = this.#now()
    this.#sweep(now)
    const holdMs = permitHoldMs(windowMs)
    const grantId = `${++this.#sequence}`
    const lifetime = holdMs + windowMs
    const { granted, remaining, retryAfter } = this.#window(organizationId, limitId).acquire({
      ...ask,
      grantId,
      lifetime,
      now,
    })
    return { grantId, granted, holdMs, remaining, retryAfterMs: Math.ceil(retryAfter) }
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
