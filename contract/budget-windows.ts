/* The words in which a budget says how long it lasts and when it begins: those of GraphQL, of files and of the database. */

/** `NONE` never resets. */
export const budgetPeriods = [
  'MINUTE',
  'FIVE_MINUTES',
  'HOUR',
  'DAY',
  'WEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'NONE',
] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

/** By the calendar, or counted from the budget's beginning. */
export const budgetAlignments = ['CALENDAR', 'ROLLING'] as const
export type BudgetAlignment = (typeof budgetAlignments)[number]

export const weekdays = [
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
] as const
export type Weekday = (typeof weekdays)[number]
