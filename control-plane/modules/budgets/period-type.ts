import { builder } from '../../graphql/builder.ts'

export const BudgetPeriodType = builder.enumType('BudgetPeriod', {
  description:
    'How long a budget lasts. When it begins is the matter of its `window`, by the calendar in UTC unless said otherwise.',
  values: {
    MINUTE: { description: 'Resets each minute.' },
    FIVE_MINUTES: { description: 'Resets every five minutes.' },
    HOUR: { description: 'Resets each hour.' },
    DAY: { description: 'Resets at midnight.' },
    WEEK: { description: 'Resets at the midnight with which a week begins.' },
    MONTH: { description: 'Resets on the first of the month.' },
    QUARTER: { description: 'Resets on the first of every third month of the fiscal year.' },
    YEAR: { description: 'Resets with the fiscal year.' },
    NONE: { description: 'Never resets.' },
  } as const,
})
