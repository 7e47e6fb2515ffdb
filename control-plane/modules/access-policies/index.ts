export { restricted } from './restricted.ts'
