import type { FastifyInstance } from 'fastify'
import { Unauthenticated } from '../graphql/errors.ts'
import { issueAccessToken } from '../modules/access-tokens/service.ts'
import { signInPath } from '../modules/identity-providers/index.ts'
import { authenticateSession } from '../modules/sessions/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { refuseForeignPage } from './cross-site.ts'

/** Gives an access token to whoever is signed in, as a token endpoint answers (RFC 6749 §5.1). [S0-27] */
export function addAccessTokens(scope: FastifyInstance, services: ServiceContext): void {
  scope.post(`${signInPath}/token`, async ({ headers }) => {
    refuseForeignPage(headers, services.publicUrl)
    const actor = await authenticateSession(services, headers.cookie ?? null)
    if (!actor) throw new Unauthenticated()
    const { accessToken, expiresAt } = await issueAccessToken(services, actor)
    const expiresIn = Math.max(0, Math.floor((expiresAt - services.now()) / 1_000))
    return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn }
  })
}
