/** How many of the newest deltas the store keeps; a data plane that is further behind starts from the snapshot. */
export const keptDeltas = 1024

/**
 * How a data plane learns its organization's configuration. Untrusted: whatever is read is verified by the reader.
 * Every method rejects within the transport's time limit when the transport is down.
 */
export interface ConfigChannel {
  /** The signed head, or null when none was ever published (or the store was emptied). */
  readHead(): Promise<string | null>
  readSnapshot(): Promise<string | null>
  /** The deltas after `revision`, in order; a gap shows as a missing number. */
  readDeltas(afterRevision: number): Promise<readonly string[]>
  readCredentials(dataPlaneId: string): Promise<string | null>
  /**
   * Calls `onHint` on every publication and after every (re)connection. A hint may be lost or doubled. While the
   * store is out of reach the subscription waits for it instead of rejecting. The answer ends the subscription.
   */
  subscribe(onHint: () => void): Promise<() => Promise<void>>
}

/** What the control plane writes for one organization, in one atomic step; then the hint goes out. */
export interface ConfigPublication {
  readonly organizationId: string
  readonly head: string
  readonly deltas: readonly { readonly revision: number; readonly document: string }[]
  /** Written when present; a data plane that is further behind than the kept deltas starts from it. */
  readonly snapshot?: string
  /** Sealed credentials by data-plane id; null takes them out of the store. */
  readonly credentials?: ReadonlyMap<string, string | null>
  /** Deltas of an earlier epoch are dropped first. */
  readonly dropDeltas?: boolean
}

export interface ConfigPublisher {
  publish(publication: ConfigPublication): Promise<void>
  /** Of a version that the head of the store is at, or past with deltas in between; nobody needs a hint for it. */
  replaceSnapshot(organizationId: string, snapshot: string): Promise<void>
  /** What the store holds now, so that a publisher notices that it was emptied. */
  published(organizationId: string): Promise<{ readonly head: string | null; readonly hasSnapshot: boolean }>
}
