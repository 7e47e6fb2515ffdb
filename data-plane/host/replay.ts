import { readFileSync } from 'node:fs'
import type { DataPlaneEvent } from '../../contract/events.ts'
import { LineDamaged } from './journal-line.ts'
import { type JournalRecord, type Position, parseRecord } from './journal-record.ts'
import { JournalState } from './journal-state.ts'
import { listSegments, segmentPath } from './segment-file.ts'

/** The journal cannot be trusted as it is; the message names the file and what to do. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged'
}

/** A line that cannot be read. */
export interface DamagedLine extends Position {
  /** Without its line feed. */
  readonly bytes: number
  readonly reason: string
}

export interface Replay {
  readonly state: JournalState
  /** The newest segment; 0 when there is none. */
  readonly lastSegment: number
  /** Where lines begin that a crash has cut off, at the end of their segments. */
  readonly torn: readonly Position[]
  /** What was left out. */
  readonly damaged: readonly DamagedLine[]
  readonly unshipped: {
    readonly events: number
    /** When the oldest was recorded, by the clock of then; null when there is none. */
    readonly oldestAt: number | null
  }
}

/**
 * Reads the journal of a process that is gone. The state is that of the newest segment with a whole checkpoint and
 * of what follows it; older segments only hold events that are not shipped yet.
 *
 * @param acceptDamage whether to go on without lines that cannot be read
 * @throws JournalDamaged when there are such lines and they are not accepted.
 */
export function replayJournal(directory: string, acceptDamage = false): Replay {
  const segments = listSegments(directory)
  const lastSegment = segments.at(-1) ?? 0
  const state = new JournalState()
  const torn: Position[] = []
  const damaged: DamagedLine[] = []
  const events: RecordedEvent[] = []
  for (const segment of segments) {
    const path = segmentPath(directory, segment)
    const read = readSegment(readFileSync(path), (record, offset) => {
      state.apply(record)
      if ('event' in record) events.push({ segment, offset, at: timeOf(record.event) })
    })
    const [first] = read.damaged
    if (first && !acceptDamage) throw refusal(path, first)
    damaged.push(...read.damaged.map((line) => ({ segment, ...line })))
    // A loss of power can cut off the segment before the last, too: what it takes was promised to nobody.
    if (read.tornAt !== null) torn.push({ segment, offset: read.tornAt })
  }
  const [oldest = 1] = segments
  // Only what is shipped is deleted; the crash may have cost the line that tells how far that was.
  if (state.shipped.segment < oldest) state.shipped = { segment: oldest, offset: 0 }
  const { shipped } = state
  const unshipped = events.filter(
    ({ segment, offset }) =>
      segment > shipped.segment || (segment === shipped.segment && offset >= shipped.offset),
  )
  const oldestAt = unshipped.find(({ at }) => at !== null)?.at ?? null
  return { state, lastSegment, torn, damaged, unshipped: { events: unshipped.length, oldestAt } }
}

interface RecordedEvent extends Position {
  /** Null where the event does not say. */
  readonly at: number | null
}

function timeOf(event: DataPlaneEvent): number | null {
  if (event.type === 'call.finished') return event.startedAt + event.durationMs
  return 'at' in event ? event.at : null
}

interface SegmentReading {
  readonly damaged: readonly Omit<DamagedLine, 'segment'>[]
  /** Where a cut-off last line begins. */
  readonly tornAt: number | null
}

const lineFeed = 0x0a
const space = 0x20

/** Gives each whole record to `take`. */
function readSegment(bytes: Buffer, take: (record: JournalRecord, offset: number) => void): SegmentReading {
  const damaged: SegmentReading['damaged'][number][] = []
  for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
    end = bytes.indexOf(lineFeed, start)
    if (end < 0) return { damaged, tornAt: start }
    const line = bytes.subarray(start, end)
    if (isBlank(line)) continue
    try {
      take(parseRecord(line), start)
    } catch (error) {
      if (!(error instanceof LineDamaged)) throw error
      if (isUnwritten(line) && !hasRecordBehind(bytes, end + 1)) return { damaged, tornAt: start }
      damaged.push({ offset: start, bytes: line.length, reason: error.message })
    }
  }
  return { damaged, tornAt: null }
}

/** What is left of a damaged line that an operator accepted. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === space)
}

/** A loss of power leaves pages that were never written as zeros, which no record has. */
function isUnwritten(line: Buffer): boolean {
  return line.includes(0)
}

function hasRecordBehind(bytes: Buffer, from: number): boolean {
  for (let start = from; start < bytes.length; ) {
    const end = bytes.indexOf(lineFeed, start)
    if (end < 0) return false
    try {
      parseRecord(bytes.subarray(start, end))
      return true
    } catch (error) {
      if (!(error instanceof LineDamaged)) throw error
    }
    start = end + 1
  }
  return false
}

function refusal(path: string, { offset, reason }: SegmentReading['damaged'][number]): JournalDamaged {
  return new JournalDamaged(
    `the journal ${path} is damaged at byte ${offset} (${reason}): restore the file, or start once with --accept-damaged-journal, which keeps a copy of it, goes on with every line that can be read, and reports to the control plane how many cannot`,
  )
}
