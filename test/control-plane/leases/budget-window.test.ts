import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetWindow, type RecurringBudget } from '../../../control-plane/leases/budget-window.ts'
import { usualWindowTerms } from '../../../control-plane/modules/budgets/index.ts'
import { moment, recurringBudget } from './recurring-budgets.ts'

const at = (text: string) => new Date(text).getTime()
const budget = (terms: Partial<RecurringBudget>): RecurringBudget => ({
  ...usualWindowTerms,
  period: 'DAY',
  createdAt: new Date('2026-01-31T10:30:00Z'),
  ...terms,
})
const window = (terms: Partial<RecurringBudget>, now: string) => {
  const { startsAt, endsAt } = budgetWindow(budget(terms), at(now))
  return [startsAt.toISOString(), endsAt?.toISOString()]
}

describe('a window by the calendar', () => {
  it.each([
    ['MINUTE', '2026-11-22T12:07:59.999Z', '2026-11-22T12:07', '2026-11-22T12:08'],
    ['FIVE_MINUTES', '2026-11-22T12:07:00Z', '2026-11-22T12:05', '2026-11-22T12:10'],
    ['HOUR', '2026-11-22T12:59:00Z', '2026-11-22T12:00', '2026-11-22T13:00'],
    ['DAY', '2028-02-29T23:59:59.999Z', '2028-02-29T00:00', '2028-03-01T00:00'],
    ['WEEK', '2026-11-22T12:00:00Z', '2026-11-16T00:00', '2026-11-23T00:00'],
    ['WEEK', '2026-11-23T00:00:00Z', '2026-11-23T00:00', '2026-11-30T00:00'],
    ['MONTH', '2026-12-31T00:00:00Z', '2026-12-01T00:00', '2027-01-01T00:00'],
    ['QUARTER', '2026-12-31T00:00:00Z', '2026-10-01T00:00', '2027-01-01T00:00'],
    ['YEAR', '2026-06-01T00:00:00Z', '2026-01-01T00:00', '2027-01-01T00:00'],
  ] as const)('%s at %s is from %s to %s', (period, now, from, to) => {
    expect(window({ period }, now)).toEqual([`${from}:00.000Z`, `${to}:00.000Z`])
  })

  it('NONE never ends', () => {
    expect(window({ period: 'NONE' }, '2026-01-01')).toEqual(['1970-01-01T00:00:00.000Z', undefined])
  })

  it('begins at midnight of its time zone: a day of the change to summer time has 23 hours', () => {
    const berlin = { period: 'DAY', timeZone: 'Europe/Berlin' } as const
    expect(window(berlin, '2027-03-28T12:00:00Z')).toEqual([
      '2027-03-27T23:00:00.000Z',
      '2027-03-28T22:00:00.000Z',
    ])
  })

  it('begins with the first moment of a day whose midnight the clocks skip', () => {
    // Beirut goes from 23:59:59 on 27 March 2027 to 1:00 on the 28th.
    const beirut = { period: 'DAY', timeZone: 'Asia/Beirut' } as const
    expect(window(beirut, '2027-03-28T10:00:00Z')).toEqual([
      '2027-03-27T22:00:00.000Z',
      '2027-03-28T21:00:00.000Z',
    ])
  })

  it('of a week begins on the day that it is told', () => {
    expect(window({ period: 'WEEK', weekStartsOn: 'SUNDAY' }, '2026-11-22T12:00:00Z')[0]).toMatch(
      /^2026-11-22/,
    )
    expect(window({ period: 'WEEK', weekStartsOn: 'SATURDAY' }, '2026-11-20T12:00:00Z')[0]).toMatch(
      /^2026-11-14/,
    )
  })

  it('of a fiscal year begins in its month, and so do its quarters', () => {
    const fiscal = { fiscalYearStartsIn: 2 } as const
    expect(window({ ...fiscal, period: 'YEAR' }, '2027-01-15T00:00:00Z')).toEqual([
      '2026-02-01T00:00:00.000Z',
      '2027-02-01T00:00:00.000Z',
    ])
    expect(window({ ...fiscal, period: 'QUARTER' }, '2027-01-15T00:00:00Z')).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2027-02-01T00:00:00.000Z',
    ])
  })
})

describe('a rolling window', () => {
  it.each([
    ['HOUR', '2026-02-01T10:29:59Z', '2026-02-01T09:30', '2026-02-01T10:30'],
    ['DAY', '2026-02-01T10:30:00Z', '2026-02-01T10:30', '2026-02-02T10:30'],
    ['WEEK', '2026-02-10T00:00:00Z', '2026-02-07T10:30', '2026-02-14T10:30'],
    ['MONTH', '2026-03-01T00:00:00Z', '2026-02-28T10:30', '2026-03-31T10:30'],
    ['QUARTER', '2026-04-30T10:29:00Z', '2026-01-31T10:30', '2026-04-30T10:30'],
    ['YEAR', '2027-06-01T00:00:00Z', '2027-01-31T10:30', '2028-01-31T10:30'],
  ] as const)('%s at %s is from %s to %s', (period, now, from, to) => {
    const terms = { period, alignment: 'ROLLING' } as const
    expect(window(terms, now)).toEqual([`${from}:00.000Z`, `${to}:00.000Z`])
  })

  it('keeps the time of day of its time zone over the change to summer time', () => {
    const berlin = { period: 'DAY', alignment: 'ROLLING', timeZone: 'Europe/Berlin' } as const
    expect(window(berlin, '2026-07-01T12:00:00Z')[0]).toBe('2026-07-01T09:30:00.000Z')
  })
})

it('every moment lies in its window, whose end begins the next one, in every zone and over every change of clocks', () => {
  fc.assert(
    fc.property(recurringBudget, moment, (recurring, now) => {
      const { startsAt, endsAt } = budgetWindow(recurring, now)
      expect(startsAt.getTime()).toBeLessThanOrEqual(now)
      if (!endsAt) return
      expect(endsAt.getTime()).toBeGreaterThan(now)
      expect(budgetWindow(recurring, endsAt.getTime()).startsAt).toEqual(endsAt)
      expect(budgetWindow(recurring, endsAt.getTime() - 1).startsAt).toEqual(startsAt)
      expect(budgetWindow(recurring, startsAt.getTime())).toEqual({ startsAt, endsAt })
    }),
    { numRuns: 500 },
  )
})
