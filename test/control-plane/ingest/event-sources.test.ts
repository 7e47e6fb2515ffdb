import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance } from '../../../control-plane/ingest/event-sources.ts'

const start = { contiguous: 0, ahead: [], gaps: [] }

describe('advance', () => {
  it('reaches the last number once all have arrived, in whatever order and however often', () => {
    const arrivals = fc.integer({ min: 1, max: 40 }).chain((last) =>
      fc.tuple(
        fc.shuffledSubarray(
          Array.from({ length: last }, (_, index) => index + 1),
          { minLength: last },
        ),
        fc.array(fc.integer({ min: 1, max: last })),
      ),
    )
    fc.assert(
      fc.property(arrivals, ([order, doubled]) => {
        let position: ReturnType<typeof advance> = start
        const arrived = new Set<number>()
        for (const sequence of order) {
          arrived.add(sequence)
          position = advance(position, [sequence, ...doubled.filter((number) => arrived.has(number))])
          // Nothing is skipped: all up to `contiguous` has arrived, and the next one has not.
          for (let number = 1; number <= position.contiguous; number++) expect(arrived).toContain(number)
          expect(arrived).not.toContain(position.contiguous + 1)
        }
        expect(position).toEqual({ contiguous: order.length, ahead: [], gaps: [] })
      }),
    )
  })

  it('waits for a missing batch, but not for ever, and tells which ones it gives up', () => {
    const behind = (count: number) => Array.from({ length: count }, (_, index) => index + 2)
    expect(advance(start, behind(256))).toMatchObject({ contiguous: 0, gaps: [] })
    expect(advance(start, behind(257))).toEqual({ contiguous: 258, ahead: [], gaps: [{ from: 1, to: 1 }] })
  })
})
