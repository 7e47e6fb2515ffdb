import type { EventBacklog } from '../event-stream.ts'
import { TransportUnavailable } from '../transport.ts'
import type { Bus } from './bus.ts'

export interface Entry {
  readonly id: string
  readonly organizationId: string
  readonly body: string
}

interface StoredEntry extends Entry {
  readonly appendedAt: number
  /** When a consumer took it; undefined while nobody has. */
  takenAt: number | undefined
}

export interface MemoryStreamOptions {
  readonly bus: Bus
  readonly now: () => number
  readonly reclaimAfterMs: number
  /** How many entries one organization may have waiting. */
  readonly limit: number
  readonly whenFull: 'refuse' | 'drop-oldest'
}

const waitLimitMs = 5_000
const entriesPerRead = 256

/** Streams by organization, which consumers empty together. */
export class MemoryStream {
  readonly #options: MemoryStreamOptions
  readonly #streams = new Map<string, Map<string, StoredEntry>>()
  readonly #wakers = new Set<() => void>()
  #sequence = 0

  constructor(options: MemoryStreamOptions) {
    this.#options = options
  }

  /** Resolves to the entry's id. */
  append(organizationId: string, body: string): Promise<string> {
    return this.#options.bus.run(() => {
      const stream = this.#streams.get(organizationId) ?? new Map<string, StoredEntry>()
      this.#streams.set(organizationId, stream)
      if (stream.size >= this.#options.limit) this.#makeRoom(stream)
      const id = `${++this.#sequence}`
      stream.set(id, { id, organizationId, body, appendedAt: this.#options.now(), takenAt: undefined })
      for (const wake of this.#wakers) wake()
      return id
    })
  }

  holds(organizationId: string, id: string): Promise<boolean> {
    return this.#options.bus.run(() => this.#streams.get(organizationId)?.has(id) === true)
  }

  async read(organizationIds: readonly string[], waitMs: number): Promise<readonly Entry[]> {
    const { bus } = this.#options
    // Before the first look, so that an append between the look and the wait is not missed.
    const appended = this.#somethingAppended(Math.min(waitMs, waitLimitMs))
    try {
      const found = await bus.run(() => this.#take(organizationIds))
      if (found.length > 0) return found
      await appended.happened
      return await bus.run(() => this.#take(organizationIds))
    } finally {
      appended.cancel()
    }
  }

  acknowledge(entries: readonly Entry[]): Promise<void> {
    return this.#options.bus.run(() => {
      for (const { organizationId, id } of entries) this.#streams.get(organizationId)?.delete(id)
    })
  }

  backlog(organizationIds: readonly string[]): Promise<EventBacklog> {
    return this.#options.bus.run(() => {
      const entries = organizationIds.flatMap((id) => [...(this.#streams.get(id)?.values() ?? [])])
      const now = this.#options.now()
      const oldest = entries.reduce((earliest, { appendedAt }) => Math.min(earliest, appendedAt), now)
      return { batches: entries.length, oldestAgeMs: now - oldest }
    })
  }

  /** Ends every wait. */
  wake(): void {
    for (const wake of this.#wakers) wake()
  }

  #makeRoom(stream: Map<string, StoredEntry>): void {
    if (this.#options.whenFull === 'refuse') {
      throw new TransportUnavailable(
        `the event stream holds ${this.#options.limit} batches that no control plane has ingested`,
      )
    }
    const [oldest] = stream.keys()
    if (oldest !== undefined) stream.delete(oldest)
  }

  #take(organizationIds: readonly string[]): Entry[] {
    const now = this.#options.now()
    const taken: Entry[] = []
    for (const organizationId of organizationIds) {
      for (const entry of this.#streams.get(organizationId)?.values() ?? []) {
        if (taken.length >= entriesPerRead) return taken
        if (entry.takenAt !== undefined && now - entry.takenAt < this.#options.reclaimAfterMs) continue
        entry.takenAt = now
        taken.push({ id: entry.id, organizationId, body: entry.body })
      }
    }
    return taken
  }

  #somethingAppended(waitMs: number): { happened: Promise<void>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, waitMs).unref()
    this.#wakers.add(resolve)
    const cancel = () => {
      clearTimeout(timer)
      this.#wakers.delete(resolve)
    }
    return { happened: promise, cancel }
  }
}
