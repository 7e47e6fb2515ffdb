import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beginOfGrain,
  type Grain,
  grainMs,
  grains,
  nextGrain,
} from '../../../control-plane/modules/usage/grains.ts'
import { cutSpan, cutSpans, summedSpans } from '../../../control-plane/modules/usage/pieces.ts'

const begin = Date.parse('2026-12-01T00:00:00Z')
/** Within days and within years: each grain is to be whole in some spans. */
const time = fc.oneof(
  fc.integer({ min: begin, max: begin + 4 * grainMs.day }),
  fc.integer({ min: begin - 1_000 * grainMs.day, max: begin + 1_000 * grainMs.day }),
)
const readable = fc
  .subarray<Grain>([...grains])
  .chain((grains) =>
    fc.tuple(
      ...grains.map((grain) => fc.oneof(fc.constant(-Infinity), time).map((since) => ({ grain, since }))),
    ),
  )
const span = fc.tuple(time, time).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))

describe('a span of time', () => {
  it('is cut into pieces without gap or overlap, each whole in what it is read from', () => {
    fc.assert(
      fc.property(span, readable, (asked, tables) => {
        const pieces = cutSpan(asked, tables)
        let reached = asked.from
        for (const { grain, from, to } of pieces) {
          expect(from).toBe(reached)
          expect(to).toBeGreaterThan(from)
          reached = to
          const table = tables.find((one) => one.grain === grain)
          if (grain === null || !table) continue
          expect(from).toBeGreaterThanOrEqual(table.since)
          expect([beginOfGrain(grain, from), beginOfGrain(grain, to)]).toEqual([from, to])
        }
        expect(reached).toBe(asked.to)
      }),
    )
  })

  it('is read from the coarsest sums: no year, month, day, hour or minute that is whole in it is read from finer ones', () => {
    fc.assert(
      fc.property(span, readable, (asked, tables) => {
        const pieces = cutSpan(asked, tables)
        for (const { grain, since } of tables) {
          const finer = pieces.filter(
            (piece) => piece.grain === null || grains.indexOf(piece.grain) > grains.indexOf(grain),
          )
          for (const { from, to } of finer) {
            const whole = nextGrain(grain, Math.max(from, since))
            expect(nextGrain(grain, whole + 1) > to, `a ${grain}`).toBe(true)
          }
        }
      }),
    )
  })

  it('that has no end is read as days without one', () => {
    const tables = [
      { grain: 'day', since: -Infinity },
      { grain: 'hour', since: -Infinity },
    ] as const
    expect(cutSpan({ from: -Infinity, to: Infinity }, tables)).toEqual([
      { grain: 'day', from: -Infinity, to: Infinity },
    ])
    expect(cutSpan({ from: begin + 1, to: Infinity }, tables)).toEqual([
      { grain: null, from: begin + 1, to: begin + grainMs.hour },
      { grain: 'hour', from: begin + grainMs.hour, to: begin + grainMs.day },
      { grain: 'day', from: begin + grainMs.day, to: Infinity },
    ])
  })
})

it('days that follow each other are read at once', () => {
  const days = [0, 1, 2].map((day) => ({
    from: begin + day * grainMs.day,
    to: begin + (day + 1) * grainMs.day,
  }))
  expect(cutSpans(days, [{ grain: 'day', since: -Infinity }])).toEqual([
    { grain: 'day', from: begin, to: begin + 3 * grainMs.day },
  ])
})

it('what is read from sums, whichever, is the time of all pieces but those of calls', () => {
  fc.assert(
    fc.property(span, readable, (asked, tables) => {
      const pieces = cutSpans([asked], tables)
      const spans = summedSpans(pieces)
      const inside = ({ from, to }: { from: number; to: number }) =>
        spans.some((one) => one.from <= from && to <= one.to)
      for (const piece of pieces) expect(inside(piece)).toBe(piece.grain !== null)
      let ended = -Infinity
      for (const { from, to } of spans) {
        expect(from).toBeGreaterThan(ended)
        ended = to
      }
    }),
  )
})

describe('a grain', () => {
  it.each(grains.filter((grain) => grain !== 'quarter'))(
    'begins where PostgreSQL truncates to a %s, also before the year 100',
    (grain) => {
      const truncated = (text: string, length: number) =>
        Date.parse(`${text.slice(0, length)}${'0000-01-01T00:00:00.000Z'.slice(length)}`)
      const length = { year: 4, month: 7, day: 10, hour: 13, minute: 16 }[grain]
      const anyTime = fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9998-12-31T00:00:00Z'),
        noInvalidDate: true,
      })
      fc.assert(
        fc.property(anyTime, (date) => {
          const text = date.toISOString()
          const begins = beginOfGrain(grain, date.getTime())
          expect(begins).toBe(truncated(text, length))
          const next = nextGrain(grain, date.getTime() + 1)
          expect(next).toBeGreaterThan(date.getTime())
          expect(beginOfGrain(grain, next - 1)).toBe(begins)
          expect(nextGrain(grain, begins)).toBe(begins)
        }),
      )
    },
  )
})
