import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import type { Registry } from 'prom-client'
import { signInPath } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import { answerInJson } from './answer-in-json.ts'
import { addBreakGlass } from './break-glass.ts'
import { TooManyRequests } from './refusals.ts'
import type { RequestLimiter } from './request-limiter.ts'
import { senderAddress } from './sender-address.ts'
import { addSignIn } from './sign-in.ts'
import { type ByName, SignInProviders } from './sign-in-providers.ts'
import { sendRefusal, sendRefusalPage } from './sign-in-refusal.ts'
import { addSignOut } from './sign-out.ts'
import { addStepUp } from './step-up.ts'
import { addTestSignIn } from './test-sign-in.ts'

/** Where the console reads at which providers one can sign in. */
const offer = `${signInPath}/providers`

export interface AuthRoutesOptions {
  readonly limiter: RequestLimiter
  readonly registry: Registry
}

/** Serves signing in and out with a browser. The paths hold nothing that a caller chooses but the provider's name. */
export function registerAuthRoutes(
  fastify: FastifyInstance,
  services: ServiceContext,
  { limiter, registry }: AuthRoutesOptions,
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
    scope.setErrorHandler((error, request, reply) => {
      if (error instanceof SignInRefused) {
        return isProgram(request) ? sendRefusal(reply, error) : sendRefusalPage(reply, error)
      }
      if (error instanceof GraphQLError) return answerInJson(reply, error)
      throw error
    })
    scope.get<{ Querystring: ByName['Querystring'] }>(offer, async ({ query }) => ({
      providers: await providers.list(query.organization),
    }))
    addSignIn(scope, services, providers)
    addStepUp(scope, services, providers)
    addTestSignIn(scope, services, providers)
    addSignOut(scope, services, providers)
    addBreakGlass(scope, services, { providers, registry })
  })
}

/** Every other request comes from a browser's address bar, or from a form of a page. */
function isProgram({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === offer || headers['content-type']?.startsWith('application/json') === true
}
