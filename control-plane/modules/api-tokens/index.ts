export { actorOfToken, authenticateToken, type TokenObstacle } from './authenticate.ts'
export { type ApiToken, ApiTokenEntity } from './entity.ts'
export { ApiTokenType } from './graphql.ts'
export { createToken, type IssuedApiToken } from './service.ts'
