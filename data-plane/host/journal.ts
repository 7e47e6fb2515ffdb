import { randomUUID } from 'node:crypto'
import type { DataPlaneEvent } from '../../contract/events.ts'
import type { LeaseRequest } from '../../contract/leases.ts'
import type { BuiltinCall, Hold, Journal } from '../../plugins/sdk/builtin.ts'
import type { Outcome } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { BacklogAge } from './backlog-age.ts'
import { recordCall, recordUnknownEnd } from './call-record.ts'
import { setDamagedLinesAside } from './damaged-lines.ts'
import type { HostLog } from './host-log.ts'
import type { JournalNumbers } from './journal-numbers.ts'
import type { Durability, JournalOptions, WhenFull } from './journal-options.ts'
import { type Checkpoint, type LeaseState, type Position, parseCallFinished } from './journal-record.ts'
import { type JournalState, OpenCall } from './journal-state.ts'
import { JournalWriter } from './journal-writer.ts'
import type { RecentEvents } from './recent-events.ts'
import type { RemoteIntents } from './remote-intents.ts'
import { type DamagedLine, type Replay, replayJournal } from './replay.ts'
import { SegmentFile } from './segment-file.ts'
import { UnrecordedCalls } from './unrecorded-calls.ts'

/** What the ledger set aside of each lease for one call. */
export interface Held {
  readonly leaseId: string
  readonly nanoUsd: number
}

/** Refusals leave so much of what may wait for the disk to calls that were served. */
const maxWaitingRefusalBytes = 16 * 1024 ** 2
/** Events that are kept in memory until they are shipped, at most. */
const maxRecentBytes = 8 * 1024 ** 2
const maxSegmentBytes = 16 * 1024 ** 2
/** What was not recorded is told so often at most. */
const tellEveryMs = 10_000
const noCharges: readonly Held[] = []

/**
 * The durable record of this data plane: an append-only file of JSON lines. A call's intent is written before its
 * provider is asked; what the control plane must know is an event and stays until it is shipped.
 */
export class DurableJournal implements Journal, JournalNumbers {
  readonly directory: string
  readonly maxBytes: number
  readonly #durability: Durability
  readonly #log: HostLog
  readonly #now: () => number
  readonly #state: JournalState
  readonly #writer: JournalWriter
  readonly #age: BacklogAge
  #unshipped: number
  /** By this process. */
  #shippedEvents = 0
  readonly #whenFull: WhenFull
  readonly #unrecorded: UnrecordedCalls
  /** Ids of calls that are under way without a record. */
  readonly #withoutRecord = new Set<string>()
  #toldAt = Number.NEGATIVE_INFINITY
  #remote: RemoteIntents | undefined
  #onFinished: (hold: Hold) => void = () => {}
  #heldBy: (hold: Hold) => readonly Held[] = () => []

  private constructor(options: JournalOptions, { state, lastSegment, unshipped }: Replay) {
    const { directory, maxBytes = 1024 ** 3, now = Date.now, log } = options
    this.directory = directory
    this.maxBytes = maxBytes
    this.#durability = options.durability
    this.#whenFull = options.whenFull ?? 'refuse'
    this.#log = log
    this.#now = now
    this.#state = state
    this.#unshipped = unshipped.events
    const { oldestAt } = unshipped
    this.#age = new BacklogAge(oldestAt === null ? null : { position: state.shipped, at: oldestAt })
    this.#writer = new JournalWriter({
      ...{ directory, lastSegment, log },
      segmentBytes: options.segmentBytes ?? Math.min(maxSegmentBytes, Math.ceil(maxBytes / 8)),
      maxRecentBytes: options.maxRecentBytes ?? maxRecentBytes,
      checkpoint: () => state.checkpoint(),
      onWritten: () => this.#tellUnrecorded(),
    })
    this.#unrecorded = new UnrecordedCalls(directory, now, log)
  }

  /**
   * Opens the journal and ends what its last process left open: each call without an end is recorded as `unknown`
   * at the cost that was set aside for it.
   *
   * @throws JournalDamaged
   */
  static open(options: JournalOptions): DurableJournal {
    const replay = replayJournal(options.directory, options.acceptDamage)
    const { state, lastSegment, torn, damaged } = replay
    for (const { segment, offset } of torn) {
      const file = new SegmentFile(options.directory, segment)
      file.truncate(offset)
      file.close()
    }
    if (lastSegment === 0) state.shipped = { segment: 1, offset: 0 }
    const journal = new DurableJournal(options, replay)
    for (const call of state.openCalls.values()) journal.report(parseCallFinished(call.unknownEnd()))
    if (damaged.length > 0) journal.reportDamage(damaged)
    journal.flush()
    if (damaged.length > 0) {
      const copies = setDamagedLinesAside(options.directory, damaged)
      options.log.warn({ copies }, 'the damaged files were copied, and are used without what cannot be read')
    }
    journal.#writer.syncInBackground()
    return journal
  }

  /** Couples the journal with the ledger whose holds it writes down. */
  attachLedger(heldBy: (hold: Hold) => readonly Held[], onFinished: (hold: Hold) => void): void {
    this.#heldBy = heldBy
    this.#onFinished = onFinished
  }

  /** Where `remote` keeps what is under way. */
  attachRemote(remote: RemoteIntents): void {
    this.#remote = remote
  }

  /** @throws Denied `audit_unavailable` when nothing can be written. */
  intend(call: BuiltinCall): void | Promise<void> {
    if (this.isFull || this.isFailing) return this.#admitWithoutRecord(call)
    const held = call.hold ? this.#heldBy(call.hold) : noCharges
    const unknownEnd = recordUnknownEnd(call, held)
    if (!this.#writer.append('intent', unknownEnd)) throw new Denied('audit_unavailable')
    this.#state.openCalls.set(call.id, new OpenCall(() => recordUnknownEnd(call, held)))
    if (this.#durability === 'sync') return this.#writer.synced()
    // A call that is refused here leaves an intent that waits; the record of its end follows it.
    if (!this.flush()) throw new Denied('audit_unavailable')
    if (this.#durability === 'remote') return this.#remote?.keep(call.id, unknownEnd) ?? refuseUnattached()
  }

  finish(call: BuiltinCall, outcome: Outcome, charges: readonly Held[]): void {
    if (this.#withoutRecord.delete(call.id)) return
    const isRefusal = !this.#state.openCalls.has(call.id)
    if (isRefusal && !this.#hasRoomForRefusals) this.#unrecorded.noteRefusal()
    else {
      this.#state.finish(call.id, charges)
      this.#appendEvent(recordCall(call, outcome, charges), call.id)
    }
    if (call.hold) this.#onFinished(call.hold)
  }

  /** Records what the control plane has to know; written with the next lines, within a turn of the event loop. */
  report(event: DataPlaneEvent): void {
    this.#state.note(event)
    this.#appendEvent(JSON.stringify(event))
  }

  /** Tells the control plane of lines that cannot be read; what they held is not counted as waiting for it. */
  reportDamage(lines: readonly DamagedLine[], events = 0): void {
    this.#unshipped -= events
    this.#shippedEvents += events
    const bytes = lines.reduce((sum, line) => sum + line.bytes, 0)
    this.#log.error({ lines }, 'the journal is damaged: what these lines told is lost')
    const at = this.#now()
    this.report({ type: 'journal.damaged', id: randomUUID(), at, lines: lines.length, bytes })
  }

  /** To leave once it is `secured`, so that its answer is asked for again after a crash. */
  asked(request: LeaseRequest): void {
    this.#state.asks.set(request.id, request)
    this.#writer.append('asked', JSON.stringify(request))
  }

  granted(requestId: string, leases: readonly LeaseState[]): void {
    this.#state.grant(requestId, leases)
    this.#writer.append('granted', JSON.stringify({ requestId, leases }))
  }

  get recovered(): Pick<Checkpoint, 'leases' | 'asks'> {
    return { leases: this.#state.openLeases(), asks: [...this.#state.asks.values()] }
  }

  /** Events that are recorded here and not yet with the control plane. */
  get backlog(): number {
    return this.#unshipped
  }

  /** Tells from then on whether the control plane has all that is recorded by now. */
  confirmation(): () => boolean {
    const due = this.#shippedEvents + this.#unshipped
    return () => this.#shippedEvents >= due
  }

  /** Everything before this position is shipped. */
  get shipped(): Position {
    return this.#state.shipped
  }

  /** What the shipper has not sent yet, as far as it is in memory. */
  get recent(): RecentEvents {
    return this.#writer.recent
  }

  get bytes(): number {
    return this.#writer.bytes
  }

  get oldestUnshippedAt(): number | null {
    return this.#age.oldestAt
  }

  get bytesPerSecond(): number {
    return this.#writer.bytesPerSecond
  }

  get isFailing(): boolean {
    return this.#writer.isFailing
  }

  get isFull(): boolean {
    return this.#writer.bytes >= this.maxBytes * 0.9
  }

  get servesUnrecorded(): boolean {
    return this.#whenFull === 'count'
  }

  get unrecordedCalls(): number {
    return this.#unrecorded.calls
  }

  get unrecordedRefusals(): number {
    return this.#unrecorded.refusals
  }

  /** Called once the control plane has the events up to a position in its database. */
  markShipped(position: Position, events: number): void {
    this.#state.shipped = position
    this.#unshipped -= events
    this.#shippedEvents += events
    this.#age.shipped(position, this.#unshipped === 0)
    this.#writer.append('shipped', JSON.stringify(position))
    this.#writer.release(position)
  }

  /** Writes what waits; what the disk refuses is kept and tried again later. @returns whether all is written */
  flush(): boolean {
    return this.#writer.flush()
  }

  /** Resolves once all that is recorded survives what this journal is to survive. @throws Denied `audit_unavailable` */
  async secured(): Promise<void> {
    if (this.#durability !== 'process') return this.#writer.synced()
    if (!this.flush()) throw new Denied('audit_unavailable')
  }

  /**
   * As `secured`, of what is in the files: nobody is to hear of it before, for whoever forgets what it told others would
   * spend a lease that it gave back. A full disk is no obstacle: it gets room by what is shipped.
   */
  async filesSecured(): Promise<void> {
    if (this.#durability !== 'process') await this.#writer.filesSynced()
  }

  async close(): Promise<void> {
    await this.#writer.close()
    this.#unrecorded.close()
  }

  /** @throws Denied `audit_unavailable` unless the operator has it otherwise; a call that spends money is always refused. */
  #admitWithoutRecord(call: BuiltinCall): void {
    if (this.#whenFull === 'refuse' || call.hold) throw new Denied('audit_unavailable')
    this.#withoutRecord.add(call.id)
    this.#unrecorded.noteCall()
  }

  /** As soon as there is room, and not at every turn where that comes and goes. */
  #tellUnrecorded(): void {
    const { pending } = this.#unrecorded
    if (!pending || !this.#hasRoomForRefusals || performance.now() - this.#toldAt < tellEveryMs) return
    this.#toldAt = performance.now()
    this.report(pending)
    this.flush()
    this.#unrecorded.forget()
  }

  #appendEvent(json: string, callId?: string): void {
    if (!this.#writer.appendEvent(json)) {
      this.#unrecorded.noteRefusal()
      return
    }
    this.#unshipped++
    this.#remote?.recorded(callId)
    this.#age.add(this.#writer.end, this.#now())
  }

  /** Refusals alone must not be able to fill the disk, or memory while the disk is out of order, and stop every other call. */
  get #hasRoomForRefusals(): boolean {
    return this.bytes < this.maxBytes * 0.5 && this.#writer.waitingBytes < maxWaitingRefusalBytes
  }
}

function refuseUnattached(): never {
  throw new TypeError('durability "remote" needs a store of intents')
}
