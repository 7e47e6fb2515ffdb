export { checkBudgetLimit } from './limit.ts'
export { BudgetModeType } from './mode-type.ts'
export { BudgetPeriodType } from './period-type.ts'
export { assignProfileBudgets, type ProfileBudget, releaseProfileBudgets } from './profile-budgets.ts'
export { recordCrossings } from './record-crossings.ts'
export { type BudgetTerms, readBudgetTerms } from './terms.ts'
export {
  BudgetWindowInputType,
  BudgetWindowType,
  WeekdayType,
} from './window-graphql.ts'
export {
  type BudgetWindowInput,
  type BudgetWindowTerms,
  readWindowTerms,
  usualWindowTerms,
} from './window-terms.ts'
