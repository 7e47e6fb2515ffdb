export { disableAccessPolicies } from './disable-all.ts'
export { restricted } from './restricted.ts'
