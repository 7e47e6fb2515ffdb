import type { Position } from './journal-record.ts'

/** What one write to the journal holds for the control plane. */
interface Written {
  readonly events: readonly string[]
  readonly chars: number
  readonly end: Position
}

/** What a write counts for beside its events, so that many without any are bounded too. */
const writeOverhead = 64

/** Events as JSON, and the position behind the last of them. */
export interface EventRun {
  readonly events: readonly string[]
  readonly end: Position
}

/**
 * The newest events of the journal, kept in memory until they are shipped, so that they need not be read back. Bounded:
 * the oldest give way, and are read from their segment when their turn comes.
 */
export class RecentEvents {
  readonly #maxChars: number
  /** Everything in the journal from here on is in memory. */
  #start: Position
  #writes: Written[] = []
  #chars = 0

  constructor(start: Position, maxChars: number) {
    this.#start = start
    this.#maxChars = maxChars
  }

  get start(): Position {
    return this.#start
  }

  /** Length of what is in memory. */
  get chars(): number {
    return this.#chars
  }

  /** Notes what was written up to `end`, directly behind what was noted last. */
  add(events: readonly string[], end: Position): void {
    let chars = writeOverhead
    for (const event of events) chars += event.length
    this.#writes.push({ events, chars, end })
    this.#chars += chars
    let dropped = 0
    while (this.#chars > this.#maxChars) {
      const oldest = this.#writes[dropped++]
      if (!oldest) break
      this.#drop(oldest)
    }
    if (dropped > 0) this.#writes.splice(0, dropped)
  }

  /** The first events: those of one write at least, and of more as long as they stay within `maxChars`. */
  first(maxChars: number): EventRun | undefined {
    const events: string[] = []
    let end: Position | undefined
    let chars = 0
    for (const written of this.#writes) {
      if (events.length > 0 && chars + written.chars > maxChars) break
      for (const event of written.events) events.push(event)
      chars += written.chars
      end = written.end
    }
    return end && events.length > 0 ? { events, end } : undefined
  }

  /** Forgets what is shipped. */
  removeUpTo(position: Position): void {
    let count = 0
    for (const written of this.#writes) {
      if (isBefore(position, written.end)) break
      this.#drop(written)
      count++
    }
    if (count > 0) this.#writes.splice(0, count)
  }

  #drop({ chars, end }: Written): void {
    this.#chars -= chars
    this.#start = end
  }
}

function isBefore(a: Position, b: Position): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset)
}
