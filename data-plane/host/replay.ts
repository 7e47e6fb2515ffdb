import { readFileSync } from 'node:fs'
import type { DataPlaneEvent } from '../../contract/events.ts'
import { ContractViolation } from '../../contract/validation.ts'
import { type Position, parseRecord } from './journal-record.ts'
import { JournalState } from './journal-state.ts'
import { listSegments, segmentPath } from './segment-file.ts'

/** The journal cannot be trusted as it is; the message names the file and what to do. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged'
}

export interface Replay {
  readonly state: JournalState
  /** The newest segment; 0 when there is none. */
  readonly lastSegment: number
  /** Where lines begin that a crash has cut off, at the end of their segments. */
  readonly torn: readonly Position[]
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
 * @throws JournalDamaged when a line that is not the last one cannot be read.
 */
export function replayJournal(directory: string): Replay {
  const segments = listSegments(directory)
  const lastSegment = segments.at(-1) ?? 0
  const state = new JournalState()
  const torn: Position[] = []
  const events: RecordedEvent[] = []
  for (const segment of segments) {
    const tornAt = readLines(segmentPath(directory, segment), (line, offset) => {
      const record = parseRecord(line)
      state.apply(record)
      if ('event' in record) events.push({ segment, offset, at: timeOf(record.event) })
    })
    // A loss of power can cut off the segment before the last, too: what it takes was promised to nobody.
    if (tornAt !== null) torn.push({ segment, offset: tornAt })
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
  return { state, lastSegment, torn, unshipped: { events: unshipped.length, oldestAt } }
}

interface RecordedEvent extends Position {
  /** Null where the event does not say. */
  readonly at: number | null
}

function timeOf(event: DataPlaneEvent): number | null {
  if (event.type === 'call.finished') return event.startedAt + event.durationMs
  return event.type === 'node.reported' ? event.at : null
}

/** Gives each whole line to `read`; the answer is where a cut-off last line begins. */
function readLines(path: string, read: (line: string, offset: number) => void): number | null {
  const bytes = readFileSync(path)
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) return start
    try {
      read(bytes.toString('utf8', start, end), start)
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error
      throw damaged(path, start, error.message)
    }
    start = end + 1
  }
  return null
}

function damaged(path: string, offset: number, reason: string): JournalDamaged {
  return new JournalDamaged(
    `the journal ${path} is damaged at byte ${offset} (${reason}): restore it, or move it away and accept that what it holds is neither billed nor audited`,
  )
}
