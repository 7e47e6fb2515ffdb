export { assignProfileLimits, releaseProfileLimits } from './profile-limits.ts'
export { checkLimitTerms, type LimitTerms, type LimitTermsInput } from './terms.ts'
