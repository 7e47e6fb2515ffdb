import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarWindow } from '../../../control-plane/leases/calendar-window.ts'
import { budgetPeriods } from '../../../control-plane/modules/budgets/index.ts'

const at = (text: string) => new Date(text).getTime()

describe('calendarWindow', () => {
  it.each([
    ['DAY', '2028-02-29T23:59:59.999Z', '2028-02-29', '2028-03-01'],
    ['WEEK', '2026-11-22T12:00:00Z', '2026-11-16', '2026-11-23'],
    ['WEEK', '2026-11-23T00:00:00Z', '2026-11-23', '2026-11-30'],
    ['MONTH', '2026-12-31T00:00:00Z', '2026-12-01', '2027-01-01'],
    ['YEAR', '2026-06-01T00:00:00Z', '2026-01-01', '2027-01-01'],
  ] as const)('%s at %s is from %s to %s', (period, now, startsAt, endsAt) => {
    expect(calendarWindow(period, at(now))).toEqual({
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
    })
  })

  it('NONE never ends', () => {
    expect(calendarWindow('NONE', at('2026-01-01'))).toEqual({ startsAt: new Date(0), endsAt: null })
  })

  it('every moment lies in its window, whose end begins the next one', () => {
    const moment = fc.integer({ min: 0, max: at('2200-01-01') })
    fc.assert(
      fc.property(fc.constantFrom(...budgetPeriods), moment, (period, now) => {
        const { startsAt, endsAt } = calendarWindow(period, now)
        expect(startsAt.getTime()).toBeLessThanOrEqual(now)
        if (!endsAt) return
        expect(endsAt.getTime()).toBeGreaterThan(now)
        expect(calendarWindow(period, endsAt.getTime()).startsAt).toEqual(endsAt)
        expect(calendarWindow(period, endsAt.getTime() - 1).startsAt).toEqual(startsAt)
      }),
    )
  })
})
