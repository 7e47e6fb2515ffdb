export { type BudgetPeriod, budgetPeriods } from './entity.ts'
export { type BudgetTerms, readBudgetTerms } from './terms.ts'
