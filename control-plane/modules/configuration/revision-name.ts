/** Which revision: numbers begin anew with each epoch, never lower. */
export interface RevisionName {
  readonly epoch: number
  readonly revision: number
}

/** Where a revision stands in the list. */
export function cursorOf({ epoch, revision }: RevisionName): string {
  return `${epoch}.${revision}`
}

export function isBefore(one: RevisionName, other: RevisionName): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.revision < other.revision)
}
