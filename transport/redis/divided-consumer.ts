import { setTimeout as delay } from 'node:timers/promises'
import type { EventBacklog } from '../event-stream.ts'
import type { Entry, StreamConsumer } from './stream-consumer.ts'

/**
 * Empties the streams of organizations that live on different servers: each has a consumer of its own, and one whose
 * server is away does not hold up the others.
 */
export class DividedConsumer implements StreamConsumer {
  readonly #consumerOf: (organizationId: string) => StreamConsumer
  readonly #consumers = new Map<string, StreamConsumer>()
  /** Reads under way; they never reject. */
  readonly #reads = new Map<string, Promise<void>>()
  readonly #failures = new Map<string, unknown>()
  /** Read and not yet given to anybody. */
  #entries: Entry[] = []

  constructor(consumerOf: (organizationId: string) => StreamConsumer) {
    this.#consumerOf = consumerOf
  }

  async read(organizationIds: readonly string[], waitMs: number): Promise<readonly Entry[]> {
    this.#failures.clear()
    for (const id of organizationIds) if (!this.#reads.has(id)) this.#begin(id, waitMs)
    if (this.#reads.size === 0) await delay(waitMs, undefined, { ref: false })
    while (this.#entries.length === 0 && this.#reads.size > 0) await Promise.race(this.#reads.values())
    const entries = this.#entries
    this.#entries = []
    const [failure] = this.#failures.values()
    if (entries.length === 0 && this.#failures.size === organizationIds.length && failure) throw failure
    return entries
  }

  async acknowledge(entries: readonly Entry[]): Promise<void> {
    const byOrganization = Map.groupBy(entries, ({ organizationId }) => organizationId)
    await Promise.all([...byOrganization].map(([id, taken]) => this.#consumer(id).acknowledge(taken)))
  }

  async backlog(organizationIds: readonly string[]): Promise<EventBacklog> {
    const backlogs = await Promise.all(organizationIds.map((id) => this.#consumer(id).backlog([id])))
    return {
      batches: backlogs.reduce((sum, { batches }) => sum + batches, 0),
      oldestAgeMs: Math.max(0, ...backlogs.map(({ oldestAgeMs }) => oldestAgeMs)),
    }
  }

  #begin(organizationId: string, waitMs: number): void {
    const read = this.#consumer(organizationId)
      .read([organizationId], waitMs)
      .then(
        (entries) => {
          this.#entries.push(...entries)
        },
        (error: unknown) => {
          this.#failures.set(organizationId, error)
        },
      )
      .finally(() => this.#reads.delete(organizationId))
    this.#reads.set(organizationId, read)
  }

  #consumer(organizationId: string): StreamConsumer {
    const known = this.#consumers.get(organizationId)
    if (known) return known
    const consumer = this.#consumerOf(organizationId)
    this.#consumers.set(organizationId, consumer)
    return consumer
  }
}
