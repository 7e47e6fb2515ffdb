import fc from 'fast-check'
import { budgetPeriods, weekdays } from '../../../contract/budget-windows.ts'
import type { RecurringBudget } from '../../../control-plane/leases/budget-window.ts'

/** Budgets of every period, in every time zone, by the calendar and rolling. */
export const recurringBudget: fc.Arbitrary<RecurringBudget> = fc.record({
  period: fc.constantFrom(...budgetPeriods),
  alignment: fc.constantFrom('CALENDAR' as const, 'ROLLING' as const),
  timeZone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
  weekStartsOn: fc.constantFrom(...weekdays),
  fiscalYearStartsIn: fc.integer({ min: 1, max: 12 }),
  createdAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
})

export const moment: fc.Arbitrary<number> = fc.integer({
  min: Date.parse('2020-01-01'),
  max: Date.parse('2045-01-01'),
})
