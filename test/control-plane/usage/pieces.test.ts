import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutSpan, cutSpans } from '../../../control-plane/modules/usage/pieces.ts'
import { type Grain, grainMs } from '../../../control-plane/modules/usage/rollups.ts'

const begin = Date.parse('2026-03-01T00:00:00Z')
const time = fc.integer({ min: begin, max: begin + 4 * grainMs.day })
const readable = fc
  .subarray<Grain>(['day', 'hour', 'minute'])
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
          expect([from % grainMs[grain], to % grainMs[grain]]).toEqual([0, 0])
        }
        expect(reached).toBe(asked.to)
      }),
    )
  })

  it('is read from the coarsest sums: no day, hour or minute that is whole in it is read from finer ones', () => {
    fc.assert(
      fc.property(span, readable, (asked, tables) => {
        const pieces = cutSpan(asked, tables)
        for (const { grain, since } of tables) {
          const length = grainMs[grain]
          const finer = pieces.filter((piece) => piece.grain === null || grainMs[piece.grain] < length)
          for (const { from, to } of finer) {
            const whole = Math.ceil(Math.max(from, since) / length) * length
            expect(whole + length > to, `a ${grain}`).toBe(true)
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
