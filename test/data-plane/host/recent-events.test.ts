import { describe, expect, it } from 'vitest'
import type { Position } from '../../../data-plane/host/journal-record.ts'
import { LineBuffer } from '../../../data-plane/host/line-buffer.ts'
import { type EventRun, RecentEvents } from '../../../data-plane/host/recent-events.ts'

const batchBytes = 256 * 1024
const at = (offset: number, segment = 1): Position => ({ segment, offset })

/** An event that is so long that a batch has room for one of them, and its length with a comma. */
const alone = (index: number) => `"${String(index).repeat(batchBytes / 2)}"`
const aloneBytes = batchBytes / 2 + 3

/** One write to the journal: events, and a line that is none. */
function linesOf(...events: readonly string[]): LineBuffer {
  const lines = new LineBuffer()
  lines.append('shipped', '{"segment":1,"offset":0}')
  for (const event of events) lines.appendEvent(event)
  return lines
}

function textOf(run: EventRun | undefined): string | undefined {
  return run?.json.toString()
}

describe('recent events', () => {
  it('are handed over as one JSON text up to a position, without the journal’s other lines', () => {
    const recent = new RecentEvents(at(10), 1_000)
    recent.add(linesOf('{"id":1}', '{"name":"é€"}'), at(90))
    recent.add(linesOf(), at(120))
    recent.add(linesOf('{"id":3}'), at(150))
    expect(recent.first()).toMatchObject({ count: 3, end: at(150) })
    expect(textOf(recent.first())).toBe('{"id":1},{"name":"é€"},{"id":3}')
  })

  it('there are none while nothing but other lines is written', () => {
    const recent = new RecentEvents(at(10), 1_000)
    recent.add(linesOf(), at(50))
    expect(recent.first()).toBeUndefined()
    expect(recent.start).toEqual(at(10))
    recent.add(linesOf('{"id":1}'), at(80))
    expect(recent.first()).toMatchObject({ count: 1, end: at(80) })
  })

  it('do not grow once they were seen: a batch that is repeated stays word for word the same', () => {
    const recent = new RecentEvents(at(0), 1_000)
    recent.add(linesOf('{"id":1}'), at(50))
    const seen = recent.first()
    recent.add(linesOf('{"id":2}'), at(100))
    expect(recent.first()).toEqual(seen)
    expect(textOf(seen)).toBe('{"id":1}')
    recent.removeUpTo(at(50))
    expect(textOf(recent.first())).toBe('{"id":2}')
  })

  it('keep what they handed over whole though it is dropped meanwhile', () => {
    const recent = new RecentEvents(at(0), 20)
    recent.add(linesOf('{"id":1}'), at(50))
    const seen = recent.first()
    recent.add(linesOf('{"id":22222}'), at(100))
    recent.add(linesOf('{"id":3}'), at(150))
    expect(textOf(seen)).toBe('{"id":1}')
    expect(seen).toMatchObject({ count: 1, end: at(50) })
  })

  it('hold no more than their bound: the oldest give way, and what is left begins where they ended', () => {
    const recent = new RecentEvents(at(0), 3 * aloneBytes)
    const ends = [at(50), at(100), at(20, 2), at(40, 2), at(60, 2)]
    for (const [index, end] of ends.entries()) recent.add(linesOf(alone(index)), end)
    expect(recent.bytes).toBe(3 * aloneBytes)
    expect(recent.start).toEqual(at(100))
    expect(textOf(recent.first())).toBe(alone(2))
  })

  it('keep nothing of a write that is larger than the bound, and go on behind it', () => {
    const recent = new RecentEvents(at(0), 20)
    recent.add(linesOf(`{"long":"${'x'.repeat(30)}"}`), at(80))
    expect(recent.first()).toBeUndefined()
    expect(recent.bytes).toBe(0)
    expect(recent.start).toEqual(at(80))
    recent.add(linesOf('{"id":2}'), at(110))
    expect(textOf(recent.first())).toBe('{"id":2}')
  })

  it('begin another batch when one is full, and give a larger write its own', () => {
    const recent = new RecentEvents(at(0), 10 * batchBytes)
    const huge = `"${'y'.repeat(2 * batchBytes)}"`
    recent.add(linesOf(alone(0)), at(1))
    recent.add(linesOf(alone(1)), at(2))
    recent.add(linesOf(huge), at(3))
    const lengths: (number | undefined)[] = []
    for (let run = recent.first(); run; run = recent.first()) {
      lengths.push(run.json.length)
      recent.removeUpTo(run.end)
    }
    expect(lengths).toEqual([alone(0).length, alone(1).length, huge.length])
    expect(recent.bytes).toBe(0)
  })

  it('forget what is shipped, and nothing that stands behind it, over segments too', () => {
    const recent = new RecentEvents(at(0), 10 * batchBytes)
    for (const [index, end] of [at(50), at(10, 2), at(60, 2)].entries())
      recent.add(linesOf(alone(index)), end)
    recent.removeUpTo(at(9, 2))
    expect(recent.start).toEqual(at(50))
    recent.removeUpTo(at(10, 2))
    expect(recent.start).toEqual(at(10, 2))
    expect(textOf(recent.first())).toBe(alone(2))
    recent.removeUpTo(at(60, 2))
    expect(recent.first()).toBeUndefined()
    expect(recent.bytes).toBe(0)
    expect(recent.start).toEqual(at(60, 2))
  })
})
