import type { DataPlaneEvent } from '../../contract/events.ts'
import type { LeaseRequest } from '../../contract/leases.ts'
import type { BuiltinCall, Hold, Journal } from '../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { describeCall, recordCall, recordUnknownEnd } from './call-record.ts'
import { GroupSync } from './group-sync.ts'
import type { HostLog } from './host-log.ts'
import {
  type Checkpoint,
  eventLine,
  type LeaseState,
  type Position,
  parseCallFinished,
} from './journal-record.ts'
import type { JournalState } from './journal-state.ts'
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
}

/** What the ledger set aside of each lease for one call. */
export interface Held {
  readonly leaseId: string
  readonly nanoUsd: number
}

/** Events that wait for a disk that takes them again, at most. */
const maxWaitingLines = 100_000
const retryMs = 1_000
/** Length of the events that are kept in memory until they are shipped, at most. */
const maxRecentChars = 8 * 1024 ** 2
const noCharges: readonly Held[] = []

/** An intent that the next sync round writes. */
interface WaitingIntent {
  readonly attemptId: string
  readonly line: string
}

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
  #lines: string[] = []
  /** The events among `#lines`, as JSON. */
  #events: string[] = []
  #waitingIntents: WaitingIntent[] = []
  /** What the shipper has not taken yet, as far as it is in memory. */
  readonly recent: RecentEvents
  #flushScheduled = false
  readonly #groupSync = new GroupSync(() => this.#sync())
  #unshipped: number
  #lost = 0
  #onFinished: (hold: Hold) => void = () => {}
  #heldBy: (hold: Hold) => readonly Held[] = () => []
  /** What an intent has said of a call, for the record of its end. */
  readonly #descriptions = new WeakMap<BuiltinCall, string>()

  private constructor(options: JournalOptions, state: JournalState, segments: SegmentLog, unshipped: number) {
    this.directory = options.directory
    this.#durability = options.durability
    this.#log = options.log
    this.#maxBytes = options.maxBytes ?? 1024 ** 3
    this.#state = state
    this.#segments = segments
    this.#unshipped = unshipped
    this.recent = new RecentEvents(segments.end, maxRecentChars)
  }

  /**
   * Opens the journal and ends what its last process left open: each call without an end is recorded as `unknown`
   * at the cost that was set aside for it.
   *
   * @throws JournalDamaged
   */
  static open(options: JournalOptions): DurableJournal {
    const { state, lastSegment, tornAt, unshippedEvents } = replayJournal(options.directory)
    if (tornAt !== null) {
      const torn = new SegmentFile(options.directory, lastSegment)
      torn.truncate(tornAt)
      torn.close()
    }
    if (lastSegment === 0) state.shipped = { segment: 1, offset: 0 }
    const { directory, segmentBytes = 16 * 1024 ** 2 } = options
    const segments = new SegmentLog(directory, lastSegment, segmentBytes, `${state.checkpoint()}\n`)
    const journal = new DurableJournal(options, state, segments, unshippedEvents)
    for (const intent of state.intents.values()) journal.report(parseCallFinished(intent))
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
    if (this.#segments.bytes >= this.#maxBytes * 0.9) throw new Denied('audit_unavailable')
    const charges = call.hold ? this.#heldBy(call.hold) : noCharges
    const description = describeCall(call)
    const intent = recordUnknownEnd(description, call, charges)
    const line = `{"intent":${intent}}\n`
    if (this.#durability === 'sync') this.#waitingIntents.push({ attemptId: call.id, line })
    else this.#writeIntents(line)
    this.#state.intents.set(call.id, intent)
    this.#descriptions.set(call, description)
    if (this.#durability === 'sync') return this.#groupSync.wait()
  }

  finish(call: BuiltinCall, outcome: Outcome, charges: readonly Held[]): void {
    const isRefusal = !this.#state.intents.has(call.id)
    // Refusals alone must not be able to fill the disk and stop every other call.
    if (isRefusal && this.#segments.bytes >= this.#maxBytes * 0.5) this.#lose()
    else {
      const description = this.#descriptions.get(call) ?? describeCall(call)
      this.#state.finish({ attemptId: call.id, charges })
      this.#appendEvent(recordCall(description, call, outcome, charges))
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

  /** Called once the control plane's stream has stored the events up to a position. */
  markShipped(position: Position, events: number): void {
    this.#state.shipped = position
    this.#unshipped -= events
    this.recent.removeUpTo(position)
    this.#append(`{"shipped":${JSON.stringify(position)}}\n`)
    this.#segments.release(position)
  }

  /** Writes what waits. Keeps it, and tries again later, when the disk refuses. */
  flush(): void {
    if (this.#lines.length === 0) return
    try {
      this.#write('')
    } catch (error) {
      this.#log.error({ err: error, waiting: this.#lines.length }, 'the journal cannot be written')
      setTimeout(() => this.flush(), retryMs).unref()
    }
  }

  async close(): Promise<void> {
    this.flush()
    await this.#groupSync.wait()
    this.#segments.close()
  }

  #appendEvent(json: string): void {
    if (!this.#append(eventLine(json))) return
    this.#unshipped++
    this.#events.push(json)
  }

  /** Whether there is room for the line. */
  #append(line: string): boolean {
    if (this.#lines.length >= maxWaitingLines) {
      this.#lose()
      return false
    }
    this.#lines.push(line)
    this.#scheduleFlush()
    return true
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }

  /** @throws Denied `audit_unavailable`; then none of the intents is written. */
  #writeIntents(lines: string): void {
    try {
      this.#write(lines)
    } catch (error) {
      this.#log.error({ err: error }, 'the journal cannot be written')
      throw new Denied('audit_unavailable')
    }
  }

  /** Writes intents and what waits, in one call of the kernel. An intent stands before the end of its call. */
  #write(intents: string): void {
    // Before the intents, not after: a call whose intent is written must not be refused for want of a next segment.
    if (this.#segments.isFull) this.#rotate()
    this.#segments.append(this.#lines.length === 0 ? intents : intents + this.#lines.join(''))
    this.#noteWritten()
  }

  #noteWritten(): void {
    this.recent.add(this.#events, this.#segments.end)
    this.#lines = []
    this.#events = []
  }

  #rotate(): void {
    // The checkpoint counts what waits; read after it once more, an end would be charged twice.
    if (this.#lines.length > 0) {
      this.#segments.append(this.#lines.join(''))
      this.#noteWritten()
    }
    this.#segments.rotate(`${this.#state.checkpoint()}\n`)
    this.#syncInBackground()
  }

  /** Writes the intents that wait, and makes all that is written survive a loss of power. */
  async #sync(): Promise<void> {
    this.#writeWaitingIntents()
    try {
      await this.#segments.sync()
    } catch (error) {
      this.#log.error({ err: error }, 'the journal could not be synced')
      throw new Denied('audit_unavailable')
    }
  }

  #writeWaitingIntents(): void {
    const intents = this.#waitingIntents
    if (intents.length === 0) return
    this.#waitingIntents = []
    try {
      this.#writeIntents(intents.map(({ line }) => line).join(''))
    } catch (error) {
      for (const { attemptId } of intents) this.#state.intents.delete(attemptId)
      throw error
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
