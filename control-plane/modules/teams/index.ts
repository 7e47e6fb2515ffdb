export { type Team, TeamEntity } from './entity.ts'
export { TeamType } from './graphql.ts'
