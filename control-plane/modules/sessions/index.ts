export { actorOfUser, authenticateSession, type UserObstacle } from './authenticate.ts'
