import { builder } from '../../graphql/builder.ts'

export const BudgetPeriodType = builder.enumType('BudgetPeriod', {
  description: 'How long a budget lasts, by the calendar in UTC.',
  values: {
    DAY: { description: 'Resets at midnight.' },
    WEEK: { description: 'Resets on Monday at midnight.' },
    MONTH: { description: 'Resets on the first of the month.' },
    YEAR: { description: 'Resets on 1 January.' },
    NONE: { description: 'Never resets.' },
  } as const,
})
