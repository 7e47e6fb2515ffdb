import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const filePattern = /^journal-(\d{8})\.ndjson$/
const privateFileMode = 0o600

/** The numbers of the segments in a directory, ascending. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const digits = filePattern.exec(name)?.[1]
      return digits === undefined ? [] : [Number(digits)]
    })
    .sort((a, b) => a - b)
}

export function segmentPath(directory: string, segment: number): string {
  return join(directory, `journal-${String(segment).padStart(8, '0')}.ndjson`)
}

export function removeSegment(directory: string, segment: number): void {
  unlinkSync(segmentPath(directory, segment))
}

/** One append-only file of the journal. What `append` did not write whole, it takes back. */
export class SegmentFile {
  readonly number: number
  readonly #fd: number
  #bytes: number
  /** A part of a line that could not be taken back stands behind `#bytes`. */
  #isTorn = false

  constructor(directory: string, number: number) {
    this.number = number
    this.#fd = openSync(segmentPath(directory, number), 'a', privateFileMode)
    this.#bytes = fstatSync(this.#fd).size
    syncDirectory(directory)
  }

  /** Bytes that are written. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Hands whole lines to the kernel: they survive the death of this process.
   *
   * @throws Error when the disk is full or gone; then none of the lines is in the file.
   */
  append(lines: Buffer): void {
    if (this.#isTorn) this.truncate(this.#bytes)
    let written = 0
    try {
      while (written < lines.length) written += writeSync(this.#fd, lines, written, lines.length - written)
    } catch (error) {
      // A torn line in the middle would make every later one unreadable.
      this.#isTorn = written > 0
      if (this.#isTorn) this.truncate(this.#bytes)
      throw error
    }
    this.#bytes += lines.length
  }

  /** Drops what stands behind a position. */
  truncate(bytes: number): void {
    ftruncateSync(this.#fd, bytes)
    this.#bytes = bytes
    this.#isTorn = false
  }

  /** Survives a loss of power once it resolves. */
  sync(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    fdatasync(this.#fd, (error) => (error ? reject(error) : resolve()))
    return promise
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** A new file's name survives a loss of power only once its directory is synced. */
function syncDirectory(directory: string): void {
  // Windows cannot open a directory; its file system journals names itself.
  if (process.platform === 'win32') return
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
