export { authenticateJwt } from './authenticate.ts'
export { startJwtProviderKeys } from './refresh.ts'
