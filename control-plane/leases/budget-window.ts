import { type BudgetPeriod, weekdays } from '../../contract/budget-windows.ts'
import type { BudgetWindowTerms } from '../modules/budgets/index.ts'

export interface BudgetWindow {
  readonly startsAt: Date
  /** Null: it never ends. */
  readonly endsAt: Date | null
}

export interface RecurringBudget extends BudgetWindowTerms {
  readonly period: BudgetPeriod
  /** From which rolling windows count. */
  readonly createdAt: Date
}

const minuteMs = 60_000
/** Their length never changes, and with it what a data plane may hold of them: they follow UTC whatever the time zone. */
const exactMs = { MINUTE: minuteMs, FIVE_MINUTES: 5 * minuteMs, HOUR: 60 * minuteMs } as const

/** In months, or in days. */
const calendarUnits = {
  DAY: { days: 1 },
  WEEK: { days: 7 },
  MONTH: { months: 1 },
  QUARTER: { months: 3 },
  YEAR: { months: 12 },
} as const

type CalendarPeriod = keyof typeof calendarUnits

/**
 * The window of a budget that holds a moment. Windows follow each other without gap or overlap, whatever a time zone
 * does to its clocks.
 *
 * @param now milliseconds since the epoch
 */
export function budgetWindow(budget: RecurringBudget, now: number): BudgetWindow {
  const { period, alignment } = budget
  if (period === 'NONE') return { startsAt: new Date(0), endsAt: null }
  if (period === 'MINUTE' || period === 'FIVE_MINUTES' || period === 'HOUR') {
    const offsetMs = alignment === 'ROLLING' ? budget.createdAt.getTime() : 0
    return exactWindow(exactMs[period], offsetMs, now)
  }
  return alignment === 'ROLLING' ? rollingWindow(budget, period, now) : calendarWindow(budget, period, now)
}

function exactWindow(lengthMs: number, offsetMs: number, now: number): BudgetWindow {
  const startsAt = offsetMs + Math.floor((now - offsetMs) / lengthMs) * lengthMs
  return between(startsAt, startsAt + lengthMs)
}

/** From midnight of its first day to midnight of the next window's, by the clocks of the time zone. */
function calendarWindow(budget: RecurringBudget, period: CalendarPeriod, now: number): BudgetWindow {
  const today = inZone(now, budget.timeZone).toPlainDate()
  const first = firstDay(budget, period, today)
  const next = first.add(calendarUnits[period])
  return between(midnight(first, budget.timeZone), midnight(next, budget.timeZone))
}

function firstDay(
  { weekStartsOn, fiscalYearStartsIn }: BudgetWindowTerms,
  period: CalendarPeriod,
  today: Temporal.PlainDate,
): Temporal.PlainDate {
  if (period === 'DAY') return today
  if (period === 'WEEK')
    return today.subtract({ days: (today.dayOfWeek - 1 - weekdays.indexOf(weekStartsOn) + 7) % 7 })
  const { months } = calendarUnits[period]
  return today.with({ day: 1 }).subtract({ months: (today.month - fiscalYearStartsIn + 12) % months })
}

/** Counted from the budget's beginning: one that began on the 31st starts on the last day of shorter months. */
function rollingWindow(budget: RecurringBudget, period: CalendarPeriod, now: number): BudgetWindow {
  const origin = inZone(budget.createdAt.getTime(), budget.timeZone)
  const unit = calendarUnits[period]
  const startOf = (index: number) =>
    origin.add('days' in unit ? { days: unit.days * index } : { months: unit.months * index })
      .epochMilliseconds
  const passed = origin.toPlainDate().until(inZone(now, budget.timeZone).toPlainDate(), {
    largestUnit: 'days' in unit ? 'days' : 'months',
  })
  let index = Math.floor('days' in unit ? passed.days / unit.days : passed.months / unit.months)
  // The time of day, and days that a month lacks, may put the moment into the window before or behind.
  while (startOf(index) > now) index -= 1
  while (startOf(index + 1) <= now) index += 1
  return between(startOf(index), startOf(index + 1))
}

function inZone(epochMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(timeZone)
}

/** Where clocks skip midnight, the first moment of the day. */
function midnight(day: Temporal.PlainDate, timeZone: string): number {
  return day.toZonedDateTime(timeZone).epochMilliseconds
}

function between(startsAt: number, endsAt: number): BudgetWindow {
  return { startsAt: new Date(startsAt), endsAt: new Date(endsAt) }
}
