export { disableAccessPolicies } from './break-glass.ts'
export { restricted } from './restricted.ts'
