/** How many batches one organization's stream holds before it refuses more; nothing is ever dropped from it. */
export const eventsLimit = 10_000

/**
 * The data plane's end: an append that resolves is stored, until the store loses what it has. One that rejects may be
 * stored too, so that batches carry numbers and are ingested idempotently.
 */
export interface EventProducer {
  /** Resolves to the entry's id. */
  append(batch: Buffer | string): Promise<string>
  /** Whether an entry still waits for a control plane. Once it does not, it is confirmed, or was refused or lost. */
  holds(entryId: string): Promise<boolean>
  /** What the control plane confirmed last, as it signed it; null when nothing. */
  confirmation(): Promise<string | null>
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
  /** Tells a data plane what has been taken in of its batches; before they are acknowledged. */
  confirm(organizationId: string, dataPlaneId: string, confirmation: string): Promise<void>
  /** Never delivered again once this resolves. */
  acknowledge(entries: readonly StreamEntry[]): Promise<void>
  /** What these organizations' streams hold, entries that a consumer works on included. */
  backlog(organizationIds: readonly string[]): Promise<EventBacklog>
}
