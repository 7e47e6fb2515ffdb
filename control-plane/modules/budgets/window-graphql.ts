import { type Weekday, weekdays } from '../../../contract/budget-windows.ts'
import { builder } from '../../graphql/builder.ts'
import type { BudgetWindowTerms } from './window-terms.ts'

const BudgetAlignment = builder.enumType('BudgetAlignment', {
  description: 'From when the windows of a budget count.',
  values: {
    CALENDAR: { description: 'They begin as days, weeks, months, quarters and years do in the time zone.' },
    ROLLING: {
      description:
        'They begin with the budget: a month that began on the 31st at 10:30 ends with the last day of the next month at 10:30.',
    },
  } as const,
})

export const WeekdayType = builder.enumType('Weekday', {
  description: 'A day of the week.',
  values: Object.fromEntries(
    weekdays.map((day) => [day, { description: `${day[0]}${day.slice(1).toLowerCase()}.` }]),
  ) as Record<Weekday, { description: string }>,
})

export const BudgetWindowType = builder.objectRef<BudgetWindowTerms>('BudgetWindow').implement({
  description: 'When the periods of a budget begin.',
  fields: (t) => ({
    alignment: t.expose('alignment', {
      type: BudgetAlignment,
      description: 'By the calendar, or from its beginning.',
    }),
    timeZone: t.exposeString('timeZone', {
      description:
        'By whose clocks days and longer periods begin, an IANA name; minutes and hours follow UTC.',
    }),
    weekStartsOn: t.expose('weekStartsOn', {
      type: WeekdayType,
      description: 'With which day a week begins.',
    }),
    fiscalYearStartsIn: t.exposeInt('fiscalYearStartsIn', {
      description: 'With which month, 1 to 12, the year begins, and with it its quarters.',
    }),
  }),
})

export const BudgetWindowInputType = builder.inputType('BudgetWindowInput', {
  description:
    'When the periods of a budget begin; what is left out stays as it is, at first by the calendar in UTC with weeks from Monday and years from January. A change begins a window of its own, in which nothing is spent yet.',
  fields: (t) => ({
    alignment: t.field({ type: BudgetAlignment, description: 'By the calendar, or from its beginning.' }),
    timeZone: t.string({
      description: 'By whose clocks days and longer periods begin: an IANA name, such as Europe/Berlin.',
    }),
    weekStartsOn: t.field({ type: WeekdayType, description: 'With which day a week begins.' }),
    fiscalYearStartsIn: t.int({
      description: 'With which month, 1 to 12, the year begins, and with it its quarters.',
    }),
  }),
})
