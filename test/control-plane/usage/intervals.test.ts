import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intervalBounds, usageIntervals } from '../../../control-plane/modules/usage/intervals.ts'

const zones = [
  'UTC',
  'Europe/Berlin',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]
const most = 2_000
const hour = 3_600_000

const asked = fc
  .record({
    interval: fc.constantFrom(...usageIntervals),
    timeZone: fc.constantFrom(...zones),
    from: fc.integer({ min: Date.parse('2009-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') }),
    hours: fc.integer({ min: 0, max: 1_500 }),
    ms: fc.integer({ min: 1, max: hour }),
  })
  .map(({ hours, ms, ...rest }) => ({ ...rest, to: rest.from + hours * hour + ms }))

describe('the intervals of a time', () => {
  it('cover it without gap, none is empty, and none has no part of it', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const bounds = intervalBounds(one, most)
        const [first = Number.NaN, second = Number.NaN] = bounds
        expect(first).toBeLessThanOrEqual(one.from)
        expect(second).toBeGreaterThan(one.from)
        for (const [index, bound] of bounds.entries()) {
          if (index > 0) expect(bound).toBeGreaterThan(bounds[index - 1] ?? Number.NaN)
        }
        if (bounds.length > most + 1) return
        expect(bounds.at(-1)).toBeGreaterThanOrEqual(one.to)
        expect(bounds.at(-2)).toBeLessThan(one.to)
      }),
    )
  })

  it('begin at midnight of their time zone, weeks on Mondays and months on the 1st', () => {
    fc.assert(
      fc.property(asked, (one) => {
        if (one.interval === 'MINUTE' || one.interval === 'HOUR') return
        for (const bound of intervalBounds(one, most)) {
          const begins = Temporal.Instant.fromEpochMilliseconds(bound).toZonedDateTimeISO(one.timeZone)
          expect(begins.startOfDay().epochMilliseconds).toBe(bound)
          // Apia left out Friday, 30 December 2011.
          if (one.timeZone === 'Pacific/Apia' && begins.year === 2011) continue
          if (one.interval === 'WEEK') expect(begins.dayOfWeek).toBe(1)
          if (one.interval === 'MONTH') expect(begins.day).toBe(1)
        }
      }),
    )
  })

  const hoursOf = (timeZone: string, from: string, to: string) => {
    const bounds = intervalBounds(
      { interval: 'HOUR', timeZone, from: Date.parse(from), to: Date.parse(to) },
      most,
    )
    return bounds.slice(1).map((bound, index) => (bound - (bounds[index] ?? 0)) / hour)
  }

  it('a day on which clocks are set has 23 or 25 hours, in UTC alike', () => {
    expect(hoursOf('Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toEqual(
      Array(23).fill(1),
    )
    expect(hoursOf('Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toEqual(
      Array(25).fill(1),
    )
  })

  it('where clocks are set by half an hour, the last hour of the day is cut short', () => {
    const hours = hoursOf('Australia/Lord_Howe', '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z')
    expect(hours).toEqual([...Array(24).fill(1), 0.5])
  })

  it('of too many, one more than the most is told', () => {
    const from = Date.parse('1900-01-01T00:00:00Z')
    for (const interval of usageIntervals) {
      const bounds = intervalBounds(
        { interval, timeZone: 'UTC', from, to: Date.parse('9999-12-31T00:00:00Z') },
        10,
      )
      expect(bounds).toHaveLength(12)
    }
  })
})
