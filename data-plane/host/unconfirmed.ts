import type { Position } from './journal-record.ts'

/** A batch that the stream has stored. */
export interface SentBatch {
  readonly sequence: number
  readonly sealed: Buffer
  readonly count: number
  /** The journal's position behind its last event. */
  readonly end: Position
  entryId: string
  /** When to see whether the stream still has it, on the clock of `performance.now()`. */
  checkAt: number
  timesSent: number
}

const firstCheckMs = 1_000
/** A batch that the control plane refuses looks like one that was lost: it is sent again, ever more rarely. */
const longestCheckMs = 300_000

/**
 * What the stream has and the control plane has not confirmed, oldest first. Kept word for word: a batch that the
 * stream loses is sent again under its number, so that its successors need not wait for ever.
 */
export class UnconfirmedBatches {
  readonly #maxBatches: number
  #batches: SentBatch[] = []

  constructor(maxBatches: number) {
    this.#maxBatches = maxBatches
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  get isFull(): boolean {
    return this.#batches.length >= this.#maxBatches
  }

  get events(): number {
    return this.#batches.reduce((sum, { count }) => sum + count, 0)
  }

  add(batch: Pick<SentBatch, 'sequence' | 'sealed' | 'count' | 'end' | 'entryId'>, nowMs: number): void {
    this.#batches.push({ ...batch, checkAt: nowMs + firstCheckMs, timesSent: 1 })
  }

  /** Those that should have been confirmed by now. */
  due(nowMs: number): readonly SentBatch[] {
    return this.#batches.filter(({ checkAt }) => checkAt <= nowMs)
  }

  has(batch: SentBatch): boolean {
    return this.#batches.includes(batch)
  }

  /** A look, or another sending, has happened. */
  postpone(batch: SentBatch, nowMs: number): void {
    batch.checkAt = nowMs + Math.min(firstCheckMs * 2 ** (batch.timesSent - 1), longestCheckMs)
  }

  /** They are not sent again under their numbers. */
  forget(): void {
    this.#batches = []
  }

  /** Removes and returns what is confirmed: all up to a number. */
  confirm(sequence: number): readonly SentBatch[] {
    const confirmed = this.#batches.filter((batch) => batch.sequence <= sequence)
    if (confirmed.length > 0) this.#batches = this.#batches.slice(confirmed.length)
    return confirmed
  }
}
