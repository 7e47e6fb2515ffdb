import type { DataPlaneEvent } from '../../contract/events.ts'
import type { LeaseRequest } from '../../contract/leases.ts'
import type { BuiltinCall, Hold, Journal } from '../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { recordCall, recordUnknownEnd } from './call-record.ts'
import { GroupSync } from './group-sync.ts'
import type { HostLog } from './host-log.ts'
import { type Checkpoint, type LeaseState, type Position, parseCallFinished } from './journal-record.ts'
import { type JournalState, OpenCall } from './journal-state.ts'
import { LineBuffer } from './line-buffer.ts'
import { RecentEvents } from './recent-events.ts'
import { replayJournal } from './replay.ts'
import { SegmentFile } from './segment-file.ts'
import { SegmentLog } from './segment-log.ts'

/** `process`: survives the death of the process. `sync`: survives a loss of power. */
export type Durability = 'process' | 'sync'

export interface JournalOptions {
  readonly directory: string
  readonly durability: Durability
  readonly log: HostLog
  /** Largest size on disk; at nine tenths of it no further call is admitted. Default 1 GiB. */
  readonly maxBytes?: number
  /** A segment is closed when it has grown to this size. Default 16 MiB. */
  readonly segmentBytes?: number
  /** Events that are kept in memory until they are shipped, at most. Default 8 MiB. */
  readonly maxRecentBytes?: number
}

/** What the ledger set aside of each lease for one call. */
export interface Held {
  readonly leaseId: string
  readonly nanoUsd: number
}

/** What waits for a disk that takes it again, at most; refusals leave three quarters of it to calls that were served. */
const maxWaitingBytes = 64 * 1024 ** 2
const maxWaitingRefusalBytes = maxWaitingBytes / 4
const retryMs = 1_000
/** Events that are kept in memory until they are shipped, at most. */
const maxRecentBytes = 8 * 1024 ** 2
const noCharges: readonly Held[] = []

/**
 * The durable record of this data plane: an append-only file of JSON lines. A call's intent is written before its
 * provider is asked; what the control plane must know is an event and stays until it is shipped.
 */
export class DurableJournal implements Journal {
  readonly directory: string
  readonly #durability: Durability
  readonly #log: HostLog
  readonly #maxBytes: number
  readonly #state: JournalState
  readonly #segments: SegmentLog
  /** What is not written yet. */
  readonly #lines = new LineBuffer()
  /** The disk refused the last write: what waits is tried again by a timer, and no call is admitted until then. */
  #isFailing = false
  /** What the shipper has not sent yet, as far as it is in memory. */
  readonly recent: RecentEvents
  #flushScheduled = false
  readonly #groupSync = new GroupSync(() => this.#sync())
  #unshipped: number
  #lost = 0
  #onFinished: (hold: Hold) => void = () => {}
  #heldBy: (hold: Hold) => readonly Held[] = () => []

  private constructor(options: JournalOptions, state: JournalState, segments: SegmentLog, unshipped: number) {
    this.directory = options.directory
    this.#durability = options.durability
    this.#log = options.log
    this.#maxBytes = options.maxBytes ?? 1024 ** 3
    this.#state = state
    this.#segments = segments
    this.#unshipped = unshipped
    this.recent = new RecentEvents(segments.end, options.maxRecentBytes ?? maxRecentBytes)
  }

  /**
   * Opens the journal and ends what its last process left open: each call without an end is recorded as `unknown`
   * at the cost that was set aside for it.
   *
   * @throws JournalDamaged
   */
  static open(options: JournalOptions): DurableJournal {
    const { state, lastSegment, torn, unshippedEvents } = replayJournal(options.directory)
    for (const { segment, offset } of torn) {
      const file = new SegmentFile(options.directory, segment)
      file.truncate(offset)
      file.close()
    }
    if (lastSegment === 0) state.shipped = { segment: 1, offset: 0 }
    const { directory, segmentBytes = 16 * 1024 ** 2 } = options
    const segments = new SegmentLog(directory, lastSegment, segmentBytes, `${state.checkpoint()}\n`)
    const journal = new DurableJournal(options, state, segments, unshippedEvents)
    for (const call of state.openCalls.values()) journal.report(parseCallFinished(call.unknownEnd()))
    journal.flush()
    journal.#syncInBackground()
    return journal
  }

  /** Couples the journal with the ledger whose holds it writes down. */
  attachLedger(heldBy: (hold: Hold) => readonly Held[], onFinished: (hold: Hold) => void): void {
    this.#heldBy = heldBy
    this.#onFinished = onFinished
  }

  /** @throws Denied `audit_unavailable` when nothing can be written. */
  intend(call: BuiltinCall): void | Promise<void> {
    const isFull = this.#segments.bytes >= this.#maxBytes * 0.9
    if (isFull || this.#isFailing) throw new Denied('audit_unavailable')
    const held = call.hold ? this.#heldBy(call.hold) : noCharges
    if (!this.#append(`{"intent":${recordUnknownEnd(call, held)}}\n`)) throw new Denied('audit_unavailable')
    this.#state.openCalls.set(call.id, new OpenCall(() => recordUnknownEnd(call, held)))
    if (this.#durability === 'sync') return this.#groupSync.wait()
    // A call that is refused here leaves an intent that waits; the record of its end follows it.
    if (!this.flush()) throw new Denied('audit_unavailable')
  }

  finish(call: BuiltinCall, outcome: Outcome, charges: readonly Held[]): void {
    const isRefusal = !this.#state.openCalls.has(call.id)
    if (isRefusal && !this.#hasRoomForRefusals) this.#lose()
    else {
      this.#state.finish(call.id, charges)
      this.#appendEvent(recordCall(call, outcome, charges))
    }
    if (call.hold) this.#onFinished(call.hold)
  }

  /** Records what the control plane has to know; written with the next lines, within a turn of the event loop. */
  report(event: DataPlaneEvent): void {
    this.#state.note(event)
    this.#appendEvent(JSON.stringify(event))
  }

  /** Written before it returns, so that the answer to a request is asked for again after a crash. */
  asked(request: LeaseRequest): void {
    this.#state.asks.set(request.id, request)
    this.#append(`{"asked":${JSON.stringify(request)}}\n`)
    this.flush()
  }

  granted(requestId: string, leases: readonly LeaseState[]): void {
    this.#state.grant(requestId, leases)
    this.#append(`{"granted":${JSON.stringify({ requestId, leases })}}\n`)
  }

  get recovered(): Pick<Checkpoint, 'leases' | 'asks'> {
    return { leases: this.#state.openLeases(), asks: [...this.#state.asks.values()] }
  }

  /** Events that are recorded here and not yet with the control plane. */
  get backlog(): number {
    return this.#unshipped
  }

  /** Everything before this position is shipped. */
  get shipped(): Position {
    return this.#state.shipped
  }

  /** Called once the control plane has the events up to a position in its database. */
  markShipped(position: Position, events: number): void {
    this.#state.shipped = position
    this.#unshipped -= events
    this.#append(`{"shipped":${JSON.stringify(position)}}\n`)
    this.#segments.release(position)
  }

  /** Writes what waits; what the disk refuses is kept and tried again later. @returns whether all is written */
  flush(): boolean {
    try {
      if (this.#segments.isFull) this.#rotate()
      this.#writeLines()
      this.#isFailing = false
      return true
    } catch (error) {
      this.#log.error({ err: error, waitingBytes: this.#lines.length }, 'the journal cannot be written')
      if (!this.#isFailing) setTimeout(() => this.#retry(), retryMs).unref()
      this.#isFailing = true
      return false
    }
  }

  async close(): Promise<void> {
    this.flush()
    await this.#groupSync.wait()
    this.#segments.close()
  }

  #appendEvent(json: string): void {
    if (!this.#hasRoom(json)) return
    this.#lines.appendEvent(json)
    this.#unshipped++
    this.#scheduleFlush()
  }

  /** Whether there was room for the line. */
  #append(line: string): boolean {
    if (!this.#hasRoom(line)) return false
    this.#lines.append(line)
    this.#scheduleFlush()
    return true
  }

  #hasRoom(text: string): boolean {
    if (this.#lines.length + text.length <= maxWaitingBytes) return true
    this.#lose()
    return false
  }

  /** Refusals alone must not be able to fill the disk, or memory while the disk is out of order, and stop every other call. */
  get #hasRoomForRefusals(): boolean {
    return this.#segments.bytes < this.#maxBytes * 0.5 && this.#lines.length < maxWaitingRefusalBytes
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#isFailing) return
    this.#flushScheduled = true
    setImmediate(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }

  #retry(): void {
    this.#isFailing = false
    this.flush()
  }

  #writeLines(): void {
    if (this.#lines.length === 0) return
    this.#segments.append(this.#lines.bytes)
    this.recent.add(this.#lines, this.#segments.end)
    this.#lines.clear()
  }

  #rotate(): void {
    // The checkpoint counts what waits; read after it once more, an end would be charged twice.
    this.#writeLines()
    this.#segments.rotate(`${this.#state.checkpoint()}\n`)
    this.#syncInBackground()
  }

  /** Makes all that waits survive a loss of power. */
  async #sync(): Promise<void> {
    if (!this.flush()) throw new Denied('audit_unavailable')
    try {
      await this.#segments.sync()
    } catch (error) {
      this.#log.error({ err: error }, 'the journal could not be synced')
      throw new Denied('audit_unavailable')
    }
  }

  /** A failure is logged where it happens, and each call that depends on it learns of it by itself. */
  #syncInBackground(): void {
    this.#groupSync.wait().catch(() => {})
  }

  #lose(): void {
    this.#lost++
    if (this.#lost === 1 || this.#lost % 10_000 === 0) {
      this.#log.error({ lost: this.#lost }, 'the journal has no room: refused calls go unrecorded')
    }
  }
}
