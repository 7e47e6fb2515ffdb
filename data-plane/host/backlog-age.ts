import type { Position } from './journal-record.ts'

interface Mark {
  /** What was recorded from `at` on stands at this position or behind it. */
  readonly position: Position
  readonly at: number
}

const finestMs = 1_000
const maxMarks = 1_024

/**
 * How long the oldest event has waited. It keeps a mark a second and, when those become many, every second one of them: an
 * age is then too high by as much as two marks are apart, never too low.
 */
export class BacklogAge {
  #marks: Mark[] = []
  #spacingMs = finestMs

  /** @param oldest when the oldest event that waits already was recorded, and where the journal begins */
  constructor(oldest: Mark | null = null) {
    if (oldest) this.#marks.push(oldest)
  }

  /** An event is recorded now, at `end` or behind it. */
  add(end: Position, at: number): void {
    const last = this.#marks.at(-1)
    if (last && at - last.at < this.#spacingMs) return
    this.#marks.push({ position: end, at })
    if (this.#marks.length <= maxMarks) return
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0)
    this.#spacingMs *= 2
  }

  /** Everything before `position` has been shipped. */
  shipped(position: Position, isAll: boolean): void {
    if (isAll) {
      this.#marks = []
      this.#spacingMs = finestMs
    }
    const next = this.#marks.findIndex((mark) => isBehind(mark.position, position))
    const oldest = (next < 0 ? this.#marks.length : next) - 1
    if (oldest > 0) this.#marks = this.#marks.slice(oldest)
  }

  /** Milliseconds since the epoch; null when nothing waits. */
  get oldestAt(): number | null {
    return this.#marks[0]?.at ?? null
  }
}

function isBehind(a: Position, b: Position): boolean {
  return a.segment > b.segment || (a.segment === b.segment && a.offset > b.offset)
}
