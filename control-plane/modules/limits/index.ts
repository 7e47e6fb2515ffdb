export { assignProfileLimits, releaseProfileLimits } from './profile-limits.ts'
export { checkLimitTerms, type LimitTerms } from './terms.ts'
