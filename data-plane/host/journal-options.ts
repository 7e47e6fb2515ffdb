import type { HostLog } from './host-log.ts'

/** `process`: survives the death of the process. `sync`: a loss of power. `remote`: the loss of this machine. */
export type Durability = 'process' | 'sync' | 'remote'

/** What becomes of calls that the journal has no room for: they are refused, or only counted. Those with a budget never are. */
export type WhenFull = 'refuse' | 'count'

export interface JournalOptions {
  readonly directory: string
  readonly durability: Durability
  /** `refuse` unless said. */
  readonly whenFull?: WhenFull
  /** Whether to go on without lines that cannot be read. */
  readonly acceptDamage?: boolean
  readonly log: HostLog
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Largest size on disk; at nine tenths of it no further call is admitted. Default 1 GiB. */
  readonly maxBytes?: number
  /** A segment is closed when it has grown to this size. Default 16 MiB, an eighth of the journal at most. */
  readonly segmentBytes?: number
  /** Events that are kept in memory until they are shipped, at most. Default 8 MiB. */
  readonly maxRecentBytes?: number
}
