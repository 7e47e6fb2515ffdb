import type { Version } from '../../contract/configuration/documents.ts'
import { nothingUnread, type UnreadSummary } from './unread.ts'

/** Where this data plane stands with what the control plane offers. */
export interface ApplyStatus {
  /** `awaiting`: nothing applied, nothing refused. `refused`: the newest offer; an older one may be running. */
  readonly status: 'applied' | 'refused' | 'awaiting'
  /** Why the newest offer is not running, or what else needs an operator. */
  readonly lastError: string | null
  /** The version of the newest offer, where it was refused and could be read. */
  readonly refused: Version | null
  /** The version that runs. */
  readonly applied: (Version & { readonly hash: string }) | null
  /** What this release does not make of it. */
  readonly unread: UnreadSummary
  /** Milliseconds since the epoch: when the above last changed. */
  readonly since: number
}

/** Keeps the status and tells of each change once. */
export class ApplyState {
  readonly #now: () => number
  readonly #listeners = new Set<(status: ApplyStatus) => void>()
  #current: ApplyStatus

  constructor(now: () => number) {
    this.#now = now
    this.#current = {
      status: 'awaiting',
      lastError: null,
      refused: null,
      applied: null,
      unread: nothingUnread,
      since: now(),
    }
  }

  get current(): ApplyStatus {
    return this.#current
  }

  /** The answer ends it. */
  onChange(listener: (status: ApplyStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  applied(
    applied: Version & { readonly hash: string },
    lastError: string | null,
    unread: UnreadSummary = nothingUnread,
  ): void {
    this.#change({ status: 'applied', lastError, refused: null, applied, unread })
  }

  refused(reason: string, offered: Version | undefined): void {
    const refused = offered ? { epoch: offered.epoch, revision: offered.revision } : null
    const { applied, unread } = this.#current
    this.#change({ status: 'refused', lastError: reason, refused, applied, unread })
  }

  awaiting(reason: string): void {
    if (this.#current.status === 'awaiting') this.#change({ ...this.#current, lastError: reason })
  }

  #change({ status, lastError, refused, applied, unread }: Omit<ApplyStatus, 'since'>): void {
    const before = this.#current
    const isUnchanged =
      before.status === status &&
      before.lastError === lastError &&
      isSame(before.refused, refused) &&
      isSame(before.applied, applied) &&
      before.unread === unread
    if (isUnchanged) return
    this.#current = { status, lastError, refused, applied, unread, since: this.#now() }
    for (const listener of this.#listeners) listener(this.#current)
  }
}

function isSame(a: Version | null, b: Version | null): boolean {
  return a?.epoch === b?.epoch && a?.revision === b?.revision
}
