import type { BudgetPeriod } from '../modules/budgets/index.ts'

export interface CalendarWindow {
  readonly startsAt: Date
  /** Null: it never ends. */
  readonly endsAt: Date | null
}

/** The window of a budget's period that holds the time, by the calendar in UTC; weeks begin on Monday. */
export function calendarWindow(period: BudgetPeriod, now: number): CalendarWindow {
  const at = new Date(now)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  switch (period) {
    case 'DAY':
      return between(Date.UTC(year, month, day), Date.UTC(year, month, day + 1))
    case 'WEEK': {
      const monday = day - ((at.getUTCDay() + 6) % 7)
      return between(Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7))
    }
    case 'MONTH':
      return between(Date.UTC(year, month), Date.UTC(year, month + 1))
    case 'YEAR':
      return between(Date.UTC(year, 0), Date.UTC(year + 1, 0))
    case 'NONE':
      return { startsAt: new Date(0), endsAt: null }
  }
}

function between(startsAt: number, endsAt: number): CalendarWindow {
  return { startsAt: new Date(startsAt), endsAt: new Date(endsAt) }
}
