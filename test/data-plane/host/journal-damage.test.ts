import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DurableJournal } from '../../../data-plane/host/journal.ts'
import { readEvents } from '../../../data-plane/host/read-events.ts'
import { replayJournal } from '../../../data-plane/host/replay.ts'
import type { Outcome } from '../../../plugins/sdk/call.ts'
import { callOf } from '../recorded-call.ts'

const succeeded: Outcome = {
  ...{ outcome: 'succeeded', status: 200, errorCode: null, refusedBy: null },
  durationMs: 12,
}
const log = { warn() {}, error() {} }
const calls = 10

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const open = (acceptDamage = false) =>
  DurableJournal.open({ directory, durability: 'process', log, acceptDamage })
const firstSegment = () => join(directory, 'journal-00000001.ndjson')

/** A checkpoint, and two lines for each call. */
function fill(): void {
  const journal = open()
  for (let index = 0; index < calls; index++) {
    const call = callOf({ id: `call_${index}` })
    journal.intend(call)
    journal.finish(call, succeeded, [])
  }
  journal.flush()
}

/** Offsets of the first byte of each line of the first segment. */
function lineStarts(bytes: Buffer): number[] {
  const starts = [0]
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1)
  return starts.slice(0, -1)
}

function flip(bytes: Buffer, at: number, mask: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ mask
}

/** Outcomes of the calls of which there is an event, by the calls' ids. */
function outcomes(): Map<string, string> {
  const lines = readdirSync(directory)
    .filter((name) => name.startsWith('journal-'))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
  const events = lines.filter((line) => line.startsWith('{"event":')).map((line) => JSON.parse(line).event)
  return new Map(
    events.flatMap(({ attemptId, outcome, type }) =>
      type === 'call.finished' ? [[attemptId, outcome]] : [],
    ),
  )
}

describe('a journal with a flipped bit', () => {
  it('is refused by file and byte, wherever the bit is, and by nothing but a bit', () => {
    fill()
    const whole = readFileSync(firstSegment())
    const starts = lineStarts(whole)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: whole.length - 2 }),
        fc.integer({ min: 0, max: 7 }),
        (at, bit) => {
          const bytes = Buffer.from(whole)
          flip(bytes, at, 1 << bit)
          writeFileSync(firstSegment(), bytes)
          const start = starts.findLast((offset) => offset <= at) ?? 0
          // A flipped line feed makes one line of two.
          expect(() => replayJournal(directory)).toThrow(`${firstSegment()} is damaged at byte ${start} (`)
        },
      ),
      { numRuns: 300 },
    )
    writeFileSync(firstSegment(), whole)
    expect(replayJournal(directory).unshipped.events).toBe(calls)
  })

  it('goes on where the operator accepts it: with every other record, a copy, and a report of what was lost', () => {
    fill()
    const bytes = readFileSync(firstSegment())
    const starts = lineStarts(bytes)
    // The end of the first call, and the intent of the third.
    flip(bytes, (starts[2] ?? 0) + 100, 1)
    flip(bytes, (starts[5] ?? 0) + 100, 1)
    writeFileSync(firstSegment(), bytes)
    expect(() => open()).toThrow(/--accept-damaged-journal/)
    const journal = open(true)
    const found = outcomes()
    expect(found.size).toBe(calls)
    expect(found.get('call_0')).toBe('unknown')
    expect(found.get('call_2')).toBe('succeeded')
    expect(readFileSync(join(directory, 'damaged-00000001-1.ndjson'))).toEqual(bytes)
    const report = readFileSync(join(directory, 'journal-00000002.ndjson'), 'utf8')
    expect(report).toMatch(/"type":"journal.damaged",.*"lines":2,/)
    expect(journal.backlog).toBe(calls + 1)
    // Once is enough, and every record keeps its place.
    expect(open().backlog).toBe(calls + 1)
  })

  it('ships what can be read when the damage comes while it runs, and tells what cannot', async () => {
    fill()
    const bytes = readFileSync(firstSegment())
    flip(bytes, (lineStarts(bytes)[2] ?? 0) + 100, 1)
    writeFileSync(firstSegment(), bytes)
    const run = await readEvents(directory, { segment: 1, offset: 0 }, Number.POSITIVE_INFINITY)
    expect(run.count).toBe(calls - 1)
    expect(JSON.parse(`[${run.json}]`)).toHaveLength(calls - 1)
    expect(run.damaged).toMatchObject([{ segment: 1, offset: lineStarts(bytes)[2] }])
  })
})

describe('a journal after a loss of power', () => {
  it('is cut where pages were never written, as what stood there was promised to nobody', () => {
    fill()
    const bytes = readFileSync(firstSegment())
    const starts = lineStarts(bytes)
    writeFileSync(firstSegment(), Buffer.from(bytes).fill(0, (starts.at(-2) ?? 0) + 20))
    expect(replayJournal(directory)).toMatchObject({
      torn: [{ segment: 1, offset: starts.at(-2) }],
      unshipped: { events: calls - 1 },
    })
    // A later page may be there though an earlier one is not.
    writeFileSync(firstSegment(), Buffer.from(bytes).fill(0, starts.at(-1), (starts.at(-1) ?? 0) + 20))
    expect(replayJournal(directory)).toMatchObject({
      torn: [{ segment: 1, offset: starts.at(-1) }],
      unshipped: { events: calls - 1 },
    })
    writeFileSync(firstSegment(), Buffer.from(bytes).fill(0, starts.at(-2), (starts.at(-2) ?? 0) + 20))
    expect(() => replayJournal(directory)).toThrow(/damaged at byte/)
  })
})

describe('a journal of the release before, whose lines have no checksum', () => {
  it('is replayed whole, and its events are shipped', async () => {
    fill()
    const old = readFileSync(firstSegment(), 'utf8').replace(/,"crc":"[0-9a-f]{8}"\}$/gm, '}')
    expect(old).not.toContain('crc')
    writeFileSync(firstSegment(), old)
    expect(open().backlog).toBe(calls)
    const run = await readEvents(directory, { segment: 1, offset: 0 }, Number.POSITIVE_INFINITY)
    expect(run).toMatchObject({ count: calls, damaged: [] })
    expect(JSON.parse(`[${run.json}]`)).toHaveLength(calls)
  })
})
