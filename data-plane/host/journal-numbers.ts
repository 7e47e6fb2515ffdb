/** How the journal fares, for those who have to know before it is full. Counts are since the start of the process. */
export interface JournalNumbers {
  /** Size on disk. */
  readonly bytes: number
  /** At nine tenths of it no further call is recorded. */
  readonly maxBytes: number
  /** When the oldest event was recorded that the control plane has not confirmed; null when there is none. Milliseconds since the epoch. */
  readonly oldestUnshippedAt: number | null
  /** How fast records come, as an average over about a minute. */
  readonly bytesPerSecond: number
  /** The disk refused the last write. */
  readonly isFailing: boolean
  /** No further call is recorded for want of space. */
  readonly isFull: boolean
  /** What cannot be recorded is served all the same and counted, but for calls with a budget. */
  readonly servesUnrecorded: boolean
  /** Calls that were served without a record. */
  readonly unrecordedCalls: number
  /** Calls that were refused without a record. */
  readonly unrecordedRefusals: number
}
