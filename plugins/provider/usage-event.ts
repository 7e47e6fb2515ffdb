import type { FoundUsage } from './usage.ts'

const noChoices = /"choices"\s*:\s*\[\s*\]/

/**
 * A run of events without the one that only carries usage, which the caller did not ask for. An event that carries
 * choices too stays.
 */
export function withoutUsageEvent(events: Buffer, usage: FoundUsage): Buffer {
  const start = startOfEvent(events, usage.start)
  const end = endOfEvent(events, usage.end)
  if (!noChoices.test(events.toString('latin1', start, end))) return events
  return Buffer.concat([events.subarray(0, start), events.subarray(end)])
}

/** The event that carries it. */
export function eventOf(events: Buffer, usage: FoundUsage): Buffer {
  return events.subarray(startOfEvent(events, usage.start), endOfEvent(events, usage.end))
}

function startOfEvent(events: Buffer, within: number): number {
  const plain = events.lastIndexOf('\n\n', within)
  const carriage = events.lastIndexOf('\n\r\n', within)
  return Math.max(plain < 0 ? 0 : plain + 2, carriage < 0 ? 0 : carriage + 3)
}

export function endOfEvent(events: Buffer, within: number): number {
  const plain = events.indexOf('\n\n', within)
  const carriage = events.indexOf('\n\r\n', within)
  const ends = [plain < 0 ? events.length : plain + 2, carriage < 0 ? events.length : carriage + 3]
  return Math.min(...ends)
}
