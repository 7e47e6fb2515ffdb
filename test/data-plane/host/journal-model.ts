import type { Held } from '../../../data-plane/host/journal.ts'
import type { LeaseState } from '../../../data-plane/host/journal-record.ts'

/** What the control plane has to be told, by the id of the call or of the lease. */
export interface ModelEvent {
  readonly id: string
  readonly outcome: 'succeeded' | 'denied' | 'unknown' | 'closed'
  readonly charges: readonly Held[]
}

export type ModelLine =
  | { readonly kind: 'grant'; readonly lease: LeaseState }
  | { readonly kind: 'intent'; readonly id: string; readonly held: readonly Held[] }
  | { readonly kind: 'event'; readonly event: ModelEvent }

/** A journal as a plain list of what it was told, which is what its files are held against. */
export class JournalModel {
  readonly #lines: ModelLine[] = []

  add(line: ModelLine): void {
    this.#lines.push(line)
  }

  get length(): number {
    return this.#lines.length
  }

  /** Forgets what stands behind the first `length` lines, as a crash does with what was not written. */
  truncate(length: number): void {
    this.#lines.length = length
  }

  /** How many lines there are up to the last one that `isWritten` finds. */
  lengthUpTo(isWritten: (line: ModelLine) => boolean): number {
    return this.#lines.findLastIndex(isWritten) + 1
  }

  get events(): ModelEvent[] {
    return this.#lines.flatMap((line) => (line.kind === 'event' ? [line.event] : []))
  }

  /** Calls without an end, and what is set aside for them. */
  get openCalls(): Map<string, readonly Held[]> {
    const open = new Map<string, readonly Held[]>()
    for (const line of this.#lines) {
      if (line.kind === 'intent') open.set(line.id, line.held)
      if (line.kind === 'event') open.delete(line.event.id)
    }
    return open
  }

  /** Leases that are not closed, less what ended calls were charged. */
  get leases(): LeaseState[] {
    const leases = new Map<string, LeaseState>()
    for (const line of this.#lines) {
      if (line.kind === 'grant') leases.set(line.lease.leaseId, line.lease)
      if (line.kind !== 'event') continue
      leases.delete(line.event.id)
      for (const { leaseId, nanoUsd } of line.event.charges) {
        const lease = leases.get(leaseId)
        if (lease) leases.set(leaseId, { ...lease, remainingNanoUsd: lease.remainingNanoUsd - nanoUsd })
      }
    }
    return [...leases.values()]
  }

  /** A lease that no open call holds may be closed. */
  get idleLeases(): LeaseState[] {
    const held = new Set([...this.openCalls.values()].flat().map(({ leaseId }) => leaseId))
    return this.leases.filter(({ leaseId }) => !held.has(leaseId))
  }
}
