import { Denied } from '../../plugins/sdk/denied.ts'
import { FillRate } from './fill-rate.ts'
import { GroupSync } from './group-sync.ts'
import type { HostLog } from './host-log.ts'
import { sealLine } from './journal-line.ts'
import type { Position } from './journal-record.ts'
import { LineBuffer } from './line-buffer.ts'
import { RecentEvents } from './recent-events.ts'
import { SegmentLog } from './segment-log.ts'

export interface JournalWriterOptions {
  readonly directory: string
  /** The newest segment that is there; 0: none. */
  readonly lastSegment: number
  readonly segmentBytes: number
  readonly maxRecentBytes: number
  /** JSON of all that still matters of the lines before. */
  readonly checkpoint: () => string
  /** Called when the disk has taken what waited. */
  readonly onWritten: () => void
  readonly log: HostLog
}

/** What waits for a disk that takes it again, at most. */
const maxWaitingBytes = 64 * 1024 ** 2
const retryMs = 1_000

/** Writes the journal's lines, those of one turn of the event loop at once; what the disk refuses waits and is tried again. */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #segments: SegmentLog
  /** What is not written yet. */
  readonly #lines = new LineBuffer()
  /** What the shipper has not sent yet, as far as it is in memory. */
  readonly recent: RecentEvents
  readonly #rate = new FillRate()
  readonly #groupSync = new GroupSync(() => this.#sync())
  #isFailing = false
  #flushScheduled = false

  constructor(options: JournalWriterOptions) {
    const { directory, lastSegment, segmentBytes, maxRecentBytes, checkpoint } = options
    this.#options = options
    this.#segments = new SegmentLog(
      directory,
      lastSegment,
      segmentBytes,
      sealLine('checkpoint', checkpoint()),
    )
    this.recent = new RecentEvents(this.#segments.end, maxRecentBytes)
  }

  /** Size on disk. */
  get bytes(): number {
    return this.#segments.bytes
  }

  get waitingBytes(): number {
    return this.#lines.length
  }

  /** Where the next line will stand, unless some wait. */
  get end(): Position {
    return this.#segments.end
  }

  get bytesPerSecond(): number {
    return this.#rate.bytesPerSecond
  }

  /** The disk refused the last write: what waits is tried again by a timer. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Whether there was room for the line; it is written with the next ones, within a turn of the event loop. */
  append(kind: string, json: string): boolean {
    if (!this.#hasRoom(json)) return false
    this.#lines.append(kind, json)
    this.#scheduleFlush()
    return true
  }

  /** As `append`; the line is one for the control plane. */
  appendEvent(json: string): boolean {
    if (!this.#hasRoom(json)) return false
    this.#lines.appendEvent(json)
    this.#scheduleFlush()
    return true
  }

  /** Writes what waits; what the disk refuses is kept and tried again later. @returns whether all is written */
  flush(): boolean {
    const isRotating = this.#segments.isFull
    const isWritten = this.#write()
    if (isRotating) this.syncInBackground()
    return isWritten
  }

  #write(): boolean {
    try {
      if (this.#segments.isFull) this.#rotate()
      this.#writeLines()
      this.#isFailing = false
    } catch (error) {
      const { log } = this.#options
      log.error({ err: error, waitingBytes: this.#lines.length }, 'the journal cannot be written')
      if (!this.#isFailing) setTimeout(() => this.#retry(), retryMs).unref()
      this.#isFailing = true
      return false
    }
    this.#options.onWritten()
    return true
  }

  /** All that was appended survives a loss of power. @throws Denied `audit_unavailable` */
  async synced(): Promise<void> {
    if (!(await this.#groupSync.wait())) throw new Denied('audit_unavailable')
  }

  /** What is in the files survives a loss of power, whatever waits for a disk that is full. @throws Denied `audit_unavailable` */
  async filesSynced(): Promise<void> {
    await this.#groupSync.wait()
  }

  /** A failure is logged where it happens, and each call that depends on it learns of it by itself. */
  syncInBackground(): void {
    this.#groupSync.wait().catch(() => {})
  }

  /** Deletes what stands before a position. */
  release(position: Position): void {
    this.#segments.release(position)
  }

  async close(): Promise<void> {
    this.flush()
    await this.synced()
    this.#segments.close()
  }

  #hasRoom(json: string): boolean {
    return this.#lines.length + json.length <= maxWaitingBytes
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
    this.#rate.add(this.#lines.length)
    this.recent.add(this.#lines, this.#segments.end)
    this.#lines.clear()
  }

  #rotate(): void {
    // The checkpoint counts what waits; read after it once more, an end would be charged twice.
    this.#writeLines()
    this.#segments.rotate(sealLine('checkpoint', this.#options.checkpoint()))
  }

  /** Makes what is written survive a loss of power. @returns whether that is all that waited */
  async #sync(): Promise<boolean> {
    const isWritten = this.#write()
    try {
      await this.#segments.sync()
    } catch (error) {
      this.#options.log.error({ err: error }, 'the journal could not be synced')
      throw new Denied('audit_unavailable')
    }
    return isWritten
  }
}
