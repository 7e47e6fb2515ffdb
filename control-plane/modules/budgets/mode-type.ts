import { builder } from '../../graphql/builder.ts'

export const BudgetModeType = builder.enumType('BudgetMode', {
  description: 'What a budget sets aside before a call is made, and with it what becomes of the last calls.',
  values: {
    STRICT: {
      description:
        'The most that the call can cost: the limit is never exceeded, and a call whose cost nothing bounds is refused by name.',
    },
    BALANCED: {
      description:
        'What nineteen of twenty such calls cost lately, at first the most that it can cost: more calls run at once, and the limit is exceeded at most by what the calls that are under way cost beyond that. `leases` of a data plane’s status API shows the bound.',
    },
  } as const,
})
