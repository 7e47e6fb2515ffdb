import type { FastifyInstance } from 'fastify'
import { GraphQLError } from 'graphql'
import { signInPath } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import { answerInJson } from './answer-in-json.ts'
import { TooManyRequests } from './refusals.ts'
import type { RequestLimiter } from './request-limiter.ts'
import { senderAddress } from './sender-address.ts'
import { addSignIn } from './sign-in.ts'
import { type ByName, SignInProviders } from './sign-in-providers.ts'
import { sendRefusal, sendRefusalPage } from './sign-in-refusal.ts'
import { addSignOut } from './sign-out.ts'

/** Where the console reads at which providers one can sign in; every other path is for a browser's address bar. */
const offer = `${signInPath}/providers`

/** Serves signing in and out with a browser. The paths hold nothing that a caller chooses but the provider's name. */
export function registerAuthRoutes(
  fastify: FastifyInstance,
  services: ServiceContext,
  limiter: RequestLimiter,
): void {
  const providers = new SignInProviders(services)
  fastify.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    )
    scope.addHook('onRequest', async ({ ip }, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      const verdict = await limiter.admit(senderAddress(ip))
      if (!verdict.admitted) throw new TooManyRequests('address', limiter.requestsPerMinute, verdict)
    })
    scope.setErrorHandler((error, { routeOptions }, reply) => {
      if (error instanceof SignInRefused) {
        return routeOptions.url === offer ? sendRefusal(reply, error) : sendRefusalPage(reply, error)
      }
      if (error instanceof GraphQLError) return answerInJson(reply, error)
      throw error
    })
    scope.get<{ Querystring: ByName['Querystring'] }>(offer, async ({ query }) => ({
      providers: await providers.list(query.organization),
    }))
    addSignIn(scope, services, providers)
    addSignOut(scope, services, providers)
  })
}
