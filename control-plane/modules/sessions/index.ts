export { authenticateSession } from './authenticate.ts'
