import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DamagedLine } from './replay.ts'
import { segmentPath } from './segment-file.ts'

/**
 * Blanks lines that cannot be read, each in its place, so that all others keep theirs. A copy of each segment as it was is
 * kept beside it.
 *
 * @returns the names of the copies
 */
export function setDamagedLinesAside(directory: string, lines: readonly DamagedLine[]): string[] {
  const bySegment = Map.groupBy(lines, ({ segment }) => segment)
  return Array.from(bySegment, ([segment, damaged]) => {
    const path = segmentPath(directory, segment)
    const copy = freeName(directory, segment)
    copyFileSync(path, join(directory, copy))
    const fd = openSync(path, 'r+')
    try {
      for (const { offset, bytes } of damaged) writeSync(fd, Buffer.alloc(bytes, ' '), 0, bytes, offset)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    return copy
  })
}

/** A segment can be damaged, and accepted, more than once. */
function freeName(directory: string, segment: number): string {
  for (let count = 1; ; count++) {
    const name = `damaged-${String(segment).padStart(8, '0')}-${count}.ndjson`
    if (!existsSync(join(directory, name))) return name
  }
}
