import type { InferenceOperation } from '../../contract/permissions.ts'

export type { InferenceOperation }

/** What somebody's roles give them of inference. */
export interface InferenceRights {
  /** Until when, in milliseconds since the epoch: `Infinity` for good, `-Infinity` not at all. */
  readonly until: Readonly<Record<InferenceOperation, number>>
  /** Why it may be less than it should be: one of the roles cannot be read whole; null: nothing of that. */
  readonly heldBack: string | null
}
