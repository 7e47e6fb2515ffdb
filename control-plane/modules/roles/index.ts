export { SystemRoleType } from './graphql.ts'
