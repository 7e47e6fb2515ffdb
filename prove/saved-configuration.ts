import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../chaos/random.ts'

/** The configurations that a data plane has saved in its state directory, as somebody sees them who damages files. */
export class SavedConfiguration {
  readonly #directory: string
  /** With the revision that each had. */
  readonly #damaged = new Map<string, number>()

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'configuration')
  }

  /** Whether a process was killed in the middle of writing one. */
  get isUnfinished(): boolean {
    return readdirSync(this.#directory, { recursive: true, encoding: 'utf8' }).some((name) =>
      /^unfinished-|\.writing$/.test(name),
    )
  }

  /**
   * Cuts off a file of the newest whole one, or changes a byte of it, at random.
   *
   * @returns the revisions that may be found now: that of the one before (0: there is none), or still the newest where the
   *   byte meant nothing; undefined when there is no whole one
   * @throws RangeError when nothing was ever saved
   */
  damageNewest(random: Random): readonly number[] | undefined {
    const names = this.#names()
    if (names.length === 0) throw new RangeError(`nothing is saved in ${this.#directory}`)
    const [newest, previous] = names.filter((name) => !this.#damaged.has(name))
    if (newest === undefined) return undefined
    const revision = this.#revisionOf(newest)
    const found = [revision, previous === undefined ? 0 : this.#revisionOf(previous)]
    this.#damaged.set(newest, revision)
    const files = ['snapshot.json', 'head.json', 'deltas.ndjson'].filter((file) =>
      existsSync(join(this.#directory, newest, file)),
    )
    damage(join(this.#directory, newest, random.pick(files.map((file) => [file, 1] as const))), random)
    return found
  }

  /** A start has found this revision: what was done to its files meant nothing. */
  found(revision: number): void {
    for (const [name, had] of this.#damaged) if (had === revision) this.#damaged.delete(name)
  }

  /** Newest first. */
  #names(): string[] {
    return readdirSync(this.#directory)
      .filter((name) => /^\d+-\d+$/.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  }

  #revisionOf(generation: string): number {
    const head = JSON.parse(readFileSync(join(this.#directory, generation, 'head.json'), 'utf8'))
    return JSON.parse(Buffer.from(head.payload, 'base64').toString()).revision
  }
}

function damage(path: string, random: Random): void {
  const bytes = readFileSync(path)
  const at = Math.floor(random.between(0, bytes.length))
  if (random.next() < 0.5) {
    truncateSync(path, at)
    return
  }
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.between(0, 8)))
  writeFileSync(path, bytes)
}
