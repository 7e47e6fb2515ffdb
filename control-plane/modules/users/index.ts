export { type User, UserEntity } from './entity.ts'
export { UserType } from './graphql.ts'
export { requireMayPlace } from './placing.ts'
export { followRenamedProvider } from './renamed-provider.ts'
