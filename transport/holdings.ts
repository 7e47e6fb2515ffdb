/** The data plane's end: where it says how much of its leases the calls under way hold. */
export interface HoldingsStore {
  /** Takes the place of what this data plane said before, for `holdingsMs`. */
  publish(document: string): Promise<void>
}

/** The control plane's end. */
export interface HoldingsReader {
  /** What each of the data planes said last, in order; null: nothing for so long that it is forgotten. */
  read(organizationId: string, dataPlaneIds: readonly string[]): Promise<readonly (string | null)[]>
}

/** How long what a data plane said is kept unless it says it anew. */
export const holdingsMs = 15_000
