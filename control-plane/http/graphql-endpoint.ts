import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Actor } from '../actor.ts'
import { newId } from '../db/id.ts'
import { createRequestContext } from '../graphql/context.ts'
import { authenticateToken } from '../modules/api-tokens/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { createErrorMask } from './mask-error.ts'

export const graphqlPath = '/graphql'
const largestBodyBytes = 1_000_000

interface ServerContext {
  readonly request: FastifyRequest
}

/** Serves the GraphQL API. */
export function registerGraphql(
  fastify: FastifyInstance,
  schema: GraphQLSchema,
  services: ServiceContext,
): void {
  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: graphqlPath,
    graphiql: false,
    landingPage: false,
    // A browser's page of another origin has no business here; the console is served by this one.
    cors: false,
    multipart: false,
    maxRequestBodySize: largestBodyBytes,
    logging: false,
    maskedErrors: { maskError: createErrorMask(services.log) },
    plugins: [armor()],
    context: async ({ request }) => {
      const requestId = newId('req')
      return createRequestContext(
        services,
        await authenticate(services, request.headers.get('authorization')),
        requestId,
      )
    },
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
      handler: (request, reply) => answer(yoga, request, reply),
    })
  })
}

async function answer(
  yoga: ReturnType<typeof createYoga<ServerContext>>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const response = await yoga.handleNodeRequestAndResponse(request, reply, { request })
  reply.status(response.status)
  response.headers.forEach((value, name) => {
    reply.header(name, value)
  })
  return reply.send(response.body)
}

/** @returns undefined when there is no token, or none that is valid: fields decide whom they answer. */
async function authenticate(services: ServiceContext, header: string | null): Promise<Actor | undefined> {
  const [, token] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
  return token === undefined ? undefined : authenticateToken(services.database, token, services.now())
}

/** Bounds that hold before a document is executed; what it may cost is bounded by the schema's own complexity. */
function armor() {
  return EnvelopArmorPlugin({
    maxTokens: { n: 4_000 },
    maxDepth: { n: 15, ignoreIntrospection: true },
    maxAliases: { n: 50 },
    maxDirectives: { n: 50 },
    costLimit: { enabled: false },
    // The schema is public: hiding its names would only make mistakes harder to find.
    blockFieldSuggestion: { enabled: false },
  })
}
