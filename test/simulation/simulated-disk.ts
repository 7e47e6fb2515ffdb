import type { Random } from '../../chaos/random.ts'
import type { JournalRecord } from '../../data-plane/host/journal-record.ts'
import type { SimulatedTime } from './simulated-time.ts'

export type Crash = 'killed' | 'power lost'

const slowestSyncMs = 15

/** The lines of a journal: some are in the process's memory, some with the operating system, some on the disk for good. */
export class SimulatedDisk {
  readonly #time: SimulatedTime
  readonly #random: Random
  lines: JournalRecord[] = []
  written = 0
  #synced = 0
  /** How many processes have used it. */
  runs = 0
  #crashes = 0

  constructor(time: SimulatedTime, random: Random) {
    this.#time = time
    this.#random = random
  }

  /** Written at the next flush. */
  append(line: JournalRecord): void {
    this.lines.push(line)
  }

  flush(): void {
    this.written = this.lines.length
  }

  /** Calls back once all that is there now survives a loss of power. */
  sync(onSynced: () => void): void {
    this.flush()
    const { length } = this.lines
    const crashes = this.#crashes
    this.#time.in(this.#random.between(0, slowestSyncMs), () => {
      if (crashes !== this.#crashes) return
      this.#synced = Math.max(this.#synced, length)
      onSynced()
    })
  }

  crash(how: Crash): void {
    this.#crashes++
    const kept =
      how === 'killed'
        ? this.written
        : this.#synced + Math.floor(this.#random.next() * (this.written - this.#synced + 1))
    this.lines = this.lines.slice(0, kept)
    this.written = kept
    this.#synced = kept
  }
}
