import type { NodeStanding } from '../../contract/configuration-poll.ts'
import type { NodeReported } from '../../contract/events.ts'
import type { ApplyState } from './apply-state.ts'
import type { PinnedKeys } from './pinned-keys.ts'

export interface ReportingOptions {
  readonly state: ApplyState
  readonly controlPlane: PinnedKeys
  readonly version: string
  readonly plugins: NodeReported['plugins']
  /** Milliseconds since the epoch. */
  readonly now: () => number
  report(event: NodeReported): void
}

const reportEveryMs = 10_000

/**
 * Tells the control plane what this data plane runs: at once when that changes, and every ten seconds as a sign of
 * life. The answer ends it.
 */
export function startReporting(options: ReportingOptions): () => void {
  const { state, controlPlane, version, plugins, now, report } = options
  const tell = () =>
    report({
      type: 'node.reported',
      ...standingOf(state, version, now()),
      // A control plane of an earlier release refuses what it does not know, but it has no successors to its key either.
      ...(controlPlane.hasSucceeded && { trustedKeys: [...controlPlane.ids] }),
      plugins,
    })
  const unsubscribe = state.onChange(tell)
  controlPlane.onChange(tell)
  const timer = setInterval(tell, reportEveryMs)
  tell()
  return () => {
    unsubscribe()
    clearInterval(timer)
  }
}

/** What a data plane says of itself: which version it runs, or why it does not run what it was offered. */
export function standingOf(state: ApplyState, version: string, at: number): NodeStanding {
  const { status, lastError, refused, applied, unread } = state.current
  return {
    at,
    version,
    appliedEpoch: applied?.epoch ?? 0,
    appliedRevision: applied?.revision ?? 0,
    appliedHash: applied?.hash ?? null,
    status,
    error: lastError,
    ...(refused && { refused }),
    // A control plane of the release before does not know these two; it never publishes what would fill them.
    ...(unread.ignored.length > 0 && { ignored: [...unread.ignored] }),
    ...(unread.heldBack.length > 0 && { heldBack: [...unread.heldBack] }),
  }
}
