import type { ProviderActivity } from 'gatehouse/plugin-sdk/builtin'

interface Counters {
  requests: number
  errors: number
  inFlight: number
  lastError: string | null
}

/** Counts what each provider was asked and how it failed. */
export class ActivityLog {
  readonly #byProvider = new Map<string, Counters>()

  inFlight(provider: string): number {
    return this.#byProvider.get(provider)?.inFlight ?? 0
  }

  begin(provider: string): void {
    const counters = this.#byProvider.get(provider) ?? {
      requests: 0,
      errors: 0,
      inFlight: 0,
      lastError: null,
    }
    this.#byProvider.set(provider, counters)
    counters.requests += 1
    counters.inFlight += 1
  }

  /** @param failure in words without addresses and secrets; undefined for an answer, refusals of the caller included */
  end(provider: string, failure: string | undefined): void {
    const counters = this.#byProvider.get(provider)
    if (!counters) return
    counters.inFlight -= 1
    if (failure === undefined) return
    counters.errors += 1
    counters.lastError = failure
  }

  list(): readonly ProviderActivity[] {
    return [...this.#byProvider].map(([name, counters]) => ({ name, ...counters }))
  }
}
