/** A call as the audit trail has it. */
export interface RecordedCall {
  readonly requestId: string
  readonly outcome: string
}

/** How the audit trail differs from what the provider says it was asked. */
export interface Differences {
  /** Ids of calls that the provider was asked more often than is recorded. */
  readonly missing: readonly string[]
  /** Ids of calls that are recorded more often than they were made. */
  readonly doubled: readonly string[]
  /** Ids of calls that are recorded as answered and that the provider was never asked. */
  readonly invented: readonly string[]
}

/**
 * Holds the audit trail against the provider's own log, call by call. What is recorded and was not asked is no
 * difference by itself: the data plane died, or refused, before it asked.
 *
 * @param asked the ids in the provider's log, once for each time it was asked
 */
export function compareWithWitness(asked: readonly string[], recorded: readonly RecordedCall[]): Differences {
  const asks = countOf(asked)
  const records = countOf(recorded.map(({ requestId }) => requestId))
  const idsWhere = (counts: ReadonlyMap<string, number>, isSo: (id: string, count: number) => boolean) =>
    [...counts].flatMap(([id, count]) => (isSo(id, count) ? [id] : []))
  return {
    missing: idsWhere(asks, (id, count) => count > (records.get(id) ?? 0)),
    doubled: idsWhere(records, (id, count) => count > Math.max(1, asks.get(id) ?? 0)),
    invented: recorded.flatMap(({ requestId, outcome }) =>
      outcome === 'succeeded' && !asks.has(requestId) ? [requestId] : [],
    ),
  }
}

function countOf(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
