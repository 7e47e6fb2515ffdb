import { open } from 'node:fs/promises'
import { eventOf, LineDamaged } from './journal-line.ts'
import type { Position } from './journal-record.ts'
import type { EventRun } from './recent-events.ts'
import type { DamagedLine } from './replay.ts'
import { segmentPath } from './segment-file.ts'

/** So much is read at once. */
const readBytes = 256 * 1024
const lineFeed = 0x0a
const comma = Buffer.from(',')

export interface ReadRun extends EventRun {
  /** Lines with an event that cannot be read any more. */
  readonly damaged: readonly DamagedLine[]
}

/**
 * The events of a segment from a position on, as many as one read holds.
 *
 * @param endOffset what stands behind it is not read; Infinity: the segment's end
 */
export async function readEvents(directory: string, from: Position, endOffset: number): Promise<ReadRun> {
  const text = await readFrom(directory, from, endOffset)
  if (text.length === 0) {
    return { json: text, count: 0, damaged: [], end: { segment: from.segment + 1, offset: 0 } }
  }
  const damaged: DamagedLine[] = []
  const pieces: Buffer[] = []
  let at = 0
  for (let end = text.indexOf(lineFeed); end >= 0; end = text.indexOf(lineFeed, at)) {
    try {
      const event = eventOf(text.subarray(at, end))
      if (event) pieces.push(comma, event)
    } catch (error) {
      if (!(error instanceof LineDamaged)) throw error
      const offset = from.offset + at
      damaged.push({ segment: from.segment, offset, bytes: end - at, reason: error.message })
    }
    at = end + 1
  }
  const json = Buffer.concat(pieces.slice(1))
  return { json, count: pieces.length / 2, damaged, end: { segment: from.segment, offset: from.offset + at } }
}

async function readFrom(directory: string, { segment, offset }: Position, end: number): Promise<Buffer> {
  const file = await open(segmentPath(directory, segment), 'r')
  try {
    const wanted = Math.min(end - offset, readBytes)
    if (wanted <= 0) return Buffer.alloc(0)
    const buffer = Buffer.alloc(wanted)
    const { bytesRead } = await file.read(buffer, 0, wanted, offset)
    const chunk = buffer.subarray(0, bytesRead)
    if (chunk.length < readBytes || chunk.includes(lineFeed)) return chunk
    // One line longer than a read, such as a checkpoint with many open calls.
    const { size } = await file.stat()
    const rest = Buffer.alloc(Math.min(end, size) - offset)
    await file.read(rest, 0, rest.length, offset)
    return rest
  } finally {
    await file.close()
  }
}
