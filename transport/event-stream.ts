/** How many batches one organization's stream holds before it refuses more; nothing is ever dropped from it. */
export const eventsLimit = 10_000

/**
 * The data plane's end: an append that resolves is stored. One that rejects may be stored too, so that batches
 * carry numbers and are ingested idempotently.
 */
export interface EventProducer {
  append(batch: Buffer | string): Promise<void>
}

export interface StreamEntry {
  readonly id: string
  readonly organizationId: string
  readonly body: string
}

/** What nobody has taken in yet. */
export interface EventBacklog {
  readonly batches: number
  /** 0 when nothing waits. */
  readonly oldestAgeMs: number
}

/**
 * The control plane's end. Several consumers share the work; an entry that one of them took and did not
 * acknowledge is given to another after `reclaimAfterMs`.
 */
export interface EventConsumer {
  /** The next entries of these organizations; waits up to `waitMs` for the first. */
  read(organizationIds: readonly string[], waitMs: number): Promise<readonly StreamEntry[]>
  /** Never delivered again once this resolves. */
  acknowledge(entries: readonly StreamEntry[]): Promise<void>
  /** What these organizations' streams hold, entries that a consumer works on included. */
  backlog(organizationIds: readonly string[]): Promise<EventBacklog>
}
