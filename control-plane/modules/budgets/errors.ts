import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class PeriodTaken extends Refusal {
  constructor(period: string) {
    super(
      'PERIOD_TAKEN',
      `This owner already has a budget of the period ${period}: change it with updateBudget`,
    )
  }
}

export class SeveralBudgets extends Refusal {
  constructor(ownerId: string) {
    super(
      'SEVERAL_BUDGETS',
      `"${ownerId}" has several budgets: change one of them with updateBudget, or add another with addBudget`,
    )
  }
}

refusalType(
  PeriodTaken,
  'The owner has a budget of the same period, and only the tighter one would ever count.',
)
refusalType(SeveralBudgets, 'The owner has more than one budget, so it is not clear which one is meant.')
