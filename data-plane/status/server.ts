import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import mercurius from 'mercurius'
import Type, { type Static } from 'typebox'
import { readinessOf } from '../../telemetry/degradations.ts'
import { createGuard } from '../../telemetry/metrics-guard.ts'
import { createMetrics } from './metrics.ts'
import { limitQuery, mostDepth, mostTokens } from './query-limits.ts'
import { resolversOf, schema } from './schema.ts'
import type { StatusSources } from './sources.ts'

export interface StatusServerOptions {
  readonly sources: StatusSources
  /** Asked for as `Authorization: Bearer`; undefined on loopback. */
  readonly token: string | undefined
  readonly log: { error(fields: object, message: string): void }
}

const GraphqlBody = Type.Object(
  {
    query: Type.String({ minLength: 1, maxLength: 8_192 }),
    operationName: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Null()])),
    variables: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
    extensions: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
  },
  { additionalProperties: false },
)
type GraphqlBody = Static<typeof GraphqlBody>

const bodyLimitBytes = 16 * 1024
const requestTimeoutMs = 10_000
/** What is degraded is known to have begun within so long. */
const lookEveryMs = 1_000

/** The operator's server: probes, metrics and the read-only status API. Not listening yet. */
export async function createStatusServer({
  sources,
  token,
  log,
}: StatusServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    logger: false,
    // A number is no query.
    ajv: { customOptions: { coerceTypes: false } },
  })
  // A form or a script on a web page can send text without asking; JSON it cannot.
  app.removeContentTypeParser('text/plain')
  answerErrors(app, log)
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', (_request, reply) => {
    const { isReady, body } = readinessOf(sources.degradations())
    return reply.code(isReady ? 200 : 503).send(body)
  })
  const looking = setInterval(() => sources.degradations(), lookEveryMs).unref()
  app.addHook('onClose', async () => clearInterval(looking))
  await app.register(mercurius, {
    schema,
    resolvers: resolversOf(sources),
    // Its own routes would answer GET.
    routes: false,
    subscription: false,
    allowBatchedQueries: false,
    queryDepth: mostDepth,
    graphql: { parseOptions: { maxTokens: mostTokens } },
    validationRules: [limitQuery],
  })
  const metrics = createMetrics(sources)
  const guard = createGuard({ token })
  await app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request, reply) => refuse(guard(request), reply))
    guarded.get('/metrics', async (_request, reply) => {
      reply.type(metrics.contentType)
      return metrics.metrics()
    })
    // The bare address answers too: it is the one that quickstart.json and the log name.
    for (const path of ['/status/graphql', '/']) {
      guarded.post<{ Body: GraphqlBody }>(path, { schema: { body: GraphqlBody } }, (request, reply) =>
        answerQuery(request, reply, log),
      )
    }
  })
  return app
}

async function answerQuery(
  { body, headers }: FastifyRequest<{ Body: GraphqlBody }>,
  reply: FastifyReply,
  log: StatusServerOptions['log'],
) {
  const { query, variables, operationName } = body
  const { data, errors } = await reply.graphql(
    query,
    undefined,
    variables ?? undefined,
    operationName ?? undefined,
  )
  reply.type(answerTypeOf(headers.accept))
  return errors ? { data, errors: errors.map((error) => mask(error, log)) } : { data }
}

function refuse(
  verdict: ReturnType<ReturnType<typeof createGuard>>,
  reply: FastifyReply,
): FastifyReply | undefined {
  if (verdict === 'pass') return undefined
  if (verdict === 'unauthenticated') {
    return reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send(problem('Send the status token as a bearer token'))
  }
  return reply
    .code(421)
    .send(problem('Ask by a loopback name, such as 127.0.0.1, or set GATEHOUSE_STATUS_TOKEN'))
}

function answerErrors(app: FastifyInstance, log: StatusServerOptions['log']): void {
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(problem('Unknown route')))
  app.setErrorHandler(
    (error: Error & { statusCode?: number; errors?: readonly Error[] }, { headers }, reply) => {
      const status = statusOf(error, headers.accept)
      if (status >= 500) log.error({ err: error }, 'the status server failed')
      const errors = status >= 500 ? [new Error(masked)] : (error.errors ?? [error])
      // A suggestion would spell out the schema that introspection keeps to itself.
      const messages = errors.map(({ message }) => ({ message: message.replace(/ Did you mean .*$/s, '') }))
      return reply.code(status).type(answerTypeOf(headers.accept)).send({ errors: messages })
    },
  )
}

/** GraphQL over HTTP, "Media Types": the newer one when it is asked for. */
function answerTypeOf(accept: string | undefined): string {
  const type = accept?.includes(graphqlResponse) ? graphqlResponse : 'application/json'
  return `${type}; charset=utf-8`
}

const graphqlResponse = 'application/graphql-response+json'

/** To a client that asks for plain JSON a query that is refused is a 200: it takes others for a proxy's. */
function statusOf(
  { statusCode = 500, code }: Error & { statusCode?: number; code?: string },
  accept: string | undefined,
): number {
  const isRefusedQuery = statusCode === 400 && code?.startsWith('MER_') === true
  return isRefusedQuery && accept === 'application/json' ? 200 : statusCode
}

const masked = 'Unexpected error'

/** An error with a path comes from a field's code; one without from what the caller sent. */
function mask(
  error: { message: string; path?: unknown },
  log: StatusServerOptions['log'],
): { message: string } {
  if (error.path === undefined) return { message: error.message }
  log.error({ err: error }, 'a status field failed')
  return { message: masked }
}

function problem(message: string) {
  return { errors: [{ message }] }
}
