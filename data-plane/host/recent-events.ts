import type { Position } from './journal-record.ts'
import type { LineBuffer } from './line-buffer.ts'

/** A batch is closed when it has no room for what comes next. */
const batchBytes = 256 * 1024

/** Events that leave together. */
export interface EventRun {
  /** Their JSON, a comma between each two. */
  readonly json: Buffer
  readonly count: number
  /** The journal's position behind the last of them. */
  readonly end: Position
}

interface Batch {
  readonly bytes: Buffer
  length: number
  count: number
  end: Position
  /** Somebody has seen it: what comes next begins another. */
  isClosed: boolean
}

/**
 * The newest events of the journal, kept in memory until they are shipped, so that they need not be read back. Bounded:
 * the oldest give way, and are read from their segment when their turn comes.
 */
export class RecentEvents {
  readonly #maxBytes: number
  /** Everything in the journal from here on is in memory. */
  #start: Position
  readonly #batches: Batch[] = []
  #bytes = 0

  constructor(start: Position, maxBytes: number) {
    this.#start = start
    this.#maxBytes = maxBytes
  }

  get start(): Position {
    return this.#start
  }

  /** Length of the events in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** Notes what was written up to `end`, directly behind what was noted last. */
  add(lines: LineBuffer, end: Position): void {
    const needed = lines.joinedEventBytes
    const batch = this.#batchFor(needed, end)
    batch.length = lines.joinEvents(batch.bytes, batch.length)
    batch.count += lines.eventCount
    batch.end = end
    this.#bytes += needed
    while (this.#bytes > this.#maxBytes) this.#dropFirst()
  }

  /** The first events; those that are added from now on are not among them. */
  first(): EventRun | undefined {
    const [batch] = this.#batches
    if (!batch || batch.count === 0) return undefined
    batch.isClosed = true
    const { bytes, length, count, end } = batch
    return { json: bytes.subarray(0, length - 1), count, end }
  }

  /** Forgets what is shipped. */
  removeUpTo(position: Position): void {
    for (let [batch] = this.#batches; batch && !isBefore(position, batch.end); [batch] = this.#batches) {
      this.#dropFirst()
    }
  }

  #batchFor(bytes: number, end: Position): Batch {
    const last = this.#batches.at(-1)
    if (last && !last.isClosed && last.length + bytes <= last.bytes.length) return last
    // What it stands for becomes part of the next.
    if (last?.count === 0) this.#batches.pop()
    const room = Buffer.allocUnsafeSlow(Math.max(batchBytes, bytes))
    const batch = { bytes: room, length: 0, count: 0, end, isClosed: false }
    this.#batches.push(batch)
    return batch
  }

  #dropFirst(): void {
    const batch = this.#batches.shift()
    if (!batch) return
    this.#bytes -= batch.length
    this.#start = batch.end
  }
}

function isBefore(a: Position, b: Position): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
