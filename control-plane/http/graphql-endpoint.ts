import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { GraphqlSettings } from '../env.ts'
import { createRequestContext } from '../graphql/context.ts'
import type { ServiceContext } from '../service-context.ts'
import type { ObservedOperation } from '../telemetry/observed-operation.ts'
import { noteOperations, type OperationObserver } from '../telemetry/operation-observer.ts'
import { refuseSimpleRequest } from './cross-site.ts'
import { hideSchema } from './introspection.ts'
import { createErrorMask } from './mask-error.ts'
import { limitDuration } from './operation-deadline.ts'
import { limitOperations } from './operation-limits.ts'
import { allowOnly, readManifest } from './persisted-operations.ts'
import { authenticate, type Principal, requirePrincipal, senderOf } from './principal.ts'
import { TooManyRequests } from './refusals.ts'
import { readBodies } from './request-body.ts'
import type { RequestLimiter, RequestLimiters } from './request-limiter.ts'
import { senderAddress } from './sender-address.ts'
import { endWithErrorEvent } from './subscription-errors.ts'

export const graphqlPath = '/graphql'
const largestBodyBytes = 1_000_000
const stuckStreamMs = 120_000

interface ServerContext extends Principal {
  /** Whoever sent the request, behind trusted proxies. */
  readonly address: string
  readonly observed: ObservedOperation
}

export interface GraphqlOptions extends GraphqlSettings {
  readonly limiters: RequestLimiters
  readonly observer: OperationObserver
}

/**
 * Serves the GraphQL API.
 *
 * @throws ManifestInvalid
 */
export function registerGraphql(
  fastify: FastifyInstance,
  schema: GraphQLSchema,
  services: ServiceContext,
  settings: GraphqlOptions,
): void {
  const { observer } = settings
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: graphqlPath,
    graphiql: false,
    landingPage: false,
    // A browser's page of another origin has no business here; the console is served by this one.
    cors: false,
    multipart: false,
    maxRequestBodySize: largestBodyBytes,
    extraParamNames: ['documentId'],
    logging: false,
    maskedErrors: { maskError: createErrorMask(services.log, settings.operationTimeoutSeconds) },
    plugins: guards(schema, services, settings),
    context: ({ actor, request, observed, address }) =>
      createRequestContext(services, actor, observed.requestId, () =>
        authenticate(services, senderOf(request, address)),
      ),
  })
  fastify.addHook('onClose', async () => {
    await yoga.dispose()
  })
  fastify.register(async (scope) => {
    // Yoga reads the body itself, within its own limit.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.route({
      url: graphqlPath,
      method: ['GET', 'POST'],
      handler: (request, reply) => answer(yoga, observer, request, reply),
    })
  })
}

/** What a request passes before a resolver sees it, in this order. */
function guards(schema: GraphQLSchema, services: ServiceContext, settings: GraphqlOptions): object[] {
  const { persistedOperationsFile, limiters } = settings
  return [
    noteOperations(),
    admitRequest(limiters.ofAddress),
    readBodies(largestBodyBytes),
    requirePrincipal(services, limiters.ofPrincipal),
    ...(persistedOperationsFile === undefined
      ? []
      : allowOnly(readManifest(persistedOperationsFile, schema))),
    ...limitOperations(),
    ...(settings.introspection ? [] : [hideSchema()]),
    limitDuration(settings.operationTimeoutSeconds),
    endWithErrorEvent(createErrorMask(services.log, settings.operationTimeoutSeconds)),
  ]
}

/** Judges a request before its body is read. */
function admitRequest(limiter: RequestLimiter): Plugin<object, ServerContext> {
  return {
    async onRequestParse({ request, serverContext }) {
      const verdict = await limiter.admit(senderAddress(serverContext.address))
      if (!verdict.admitted) throw new TooManyRequests('address', limiter.requestsPerMinute, verdict)
      refuseSimpleRequest(request)
    },
  }
}

async function answer(
  yoga: ReturnType<typeof createYoga<ServerContext>>,
  observer: OperationObserver,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { traceparent } = request.headers
  const observed = observer.begin(request.id, typeof traceparent === 'string' ? traceparent : undefined)
  let status: number | undefined
  try {
    const response = await yoga.handleNodeRequestAndResponse(request, reply, {
      address: request.ip,
      observed,
    })
    status = response.status
    reply.status(status)
    response.headers.forEach((value, name) => {
      reply.header(name, value)
    })
    // A stream that is written to gets a heartbeat every few seconds: one without has a reader that stands still.
    if (response.headers.get('content-type') === 'text/event-stream') {
      reply.raw.setTimeout(stuckStreamMs, () => reply.raw.destroy())
    }
    return reply.send(response.body)
  } finally {
    observer.end(observed, status)
  }
}
