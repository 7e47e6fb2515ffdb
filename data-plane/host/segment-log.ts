import { statSync } from 'node:fs'
import type { Position } from './journal-record.ts'
import { listSegments, removeSegment, SegmentFile, segmentPath } from './segment-file.ts'

/** The files of a journal: one that grows, and full ones that are kept until they are shipped. */
export class SegmentLog {
  readonly #directory: string
  readonly #segmentBytes: number
  #active: SegmentFile
  /** Length of the active segment's first line. */
  #checkpointBytes: number
  /** Bytes of the full segments. */
  readonly #full = new Map<number, number>()
  #fullBytes = 0
  /** Full segments whose last lines may not survive a loss of power yet. */
  #retiring: SegmentFile[] = []
  /** Up to this one, segments begin with a checkpoint that survives a loss of power. */
  #durableSegment = 0

  /** Begins a segment behind the last one; segments that are there already stay. */
  constructor(directory: string, lastSegment: number, segmentBytes: number, firstLine: Buffer) {
    this.#directory = directory
    this.#segmentBytes = segmentBytes
    this.#active = beginSegment(directory, lastSegment + 1, firstLine)
    this.#checkpointBytes = this.#active.bytes
    for (const segment of listSegments(directory)) {
      if (segment !== this.#active.number) this.#noteFull(segment)
    }
  }

  get bytes(): number {
    return this.#fullBytes + this.#active.bytes
  }

  /** Where the next line will stand. */
  get end(): Position {
    return { segment: this.#active.number, offset: this.#active.bytes }
  }

  /** Whether the next segment should begin; never while most of this one is the checkpoint that the next would repeat. */
  get isFull(): boolean {
    return this.#active.bytes >= Math.max(this.#segmentBytes, 2 * this.#checkpointBytes)
  }

  /** @throws Error when the disk is full or gone; then none of the lines is in the file. */
  append(lines: Buffer): void {
    this.#active.append(lines)
  }

  /** Begins the next segment. @throws Error as `append` does; then nothing has changed. */
  rotate(firstLine: Buffer): void {
    const next = beginSegment(this.#directory, this.#active.number + 1, firstLine)
    const last = this.#active
    this.#active = next
    this.#checkpointBytes = next.bytes
    this.#noteFull(last.number)
    this.#retiring.push(last)
  }

  /** Deletes what stands before a position, as far as what stands behind it would survive a loss of power. */
  release(position: Position): void {
    for (const [segment, bytes] of this.#full) {
      if (segment >= position.segment || segment >= this.#durableSegment) continue
      removeSegment(this.#directory, segment)
      this.#full.delete(segment)
      this.#fullBytes -= bytes
    }
  }

  /** All that is written survives a loss of power once this resolves. */
  async sync(): Promise<void> {
    const retiring = this.#retiring
    const active = this.#active
    this.#retiring = []
    try {
      for (const segment of retiring) await segment.sync()
      await active.sync()
    } catch (error) {
      this.#retiring = [...retiring, ...this.#retiring]
      throw error
    }
    for (const segment of retiring) segment.close()
    this.#durableSegment = active.number
  }

  close(): void {
    this.#active.close()
  }

  #noteFull(segment: number): void {
    const { size } = statSync(segmentPath(this.#directory, segment))
    this.#full.set(segment, size)
    this.#fullBytes += size
  }
}

/** A full disk is tried again and again: what a failed try opened must not stay open. */
function beginSegment(directory: string, number: number, firstLine: Buffer): SegmentFile {
  const segment = new SegmentFile(directory, number)
  try {
    segment.append(firstLine)
  } catch (error) {
    segment.close()
    throw error
  }
  return segment
}
