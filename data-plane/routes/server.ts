import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Operation } from '../../plugins/sdk/call.ts'
import { Denied } from '../../plugins/sdk/denied.ts'
import { nextCallId } from '../pipeline/call-id.ts'
import type { PluginLog } from '../pipeline/pipeline.ts'
import { refuseBrokenRequest } from './broken-request.ts'
import { answerError } from './direct-answer.ts'
import { Gateway, type GatewayOptions, type RouteRefusal } from './gateway.ts'
import { routes } from './table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Operation
  }
}

export interface ServerOptions extends GatewayOptions {
  readonly log: PluginLog
  /** Largest request body; default 10 MiB. */
  readonly bodyLimitBytes?: number
}

const defaultBodyLimitBytes = 10 * 1024 * 1024
const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const keepAliveTimeoutMs = 72_000
const idleSweepMs = 50
const noBody = Buffer.alloc(0)
const maxHeaderBytes = 16 * 1024

/** A route that would let a call past the pipeline. */
export class UngovernedRoute extends Error {
  override readonly name = 'UngovernedRoute'
}

/** The server that applications call: `/v1/*` through the pipeline, and `/healthz`. Not listening yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const gateway = new Gateway(options)
  const app = Fastify({
    bodyLimit: options.bodyLimitBytes ?? defaultBodyLimitBytes,
    logger: false,
    exposeHeadRoutes: false,
    keepAliveTimeout: keepAliveTimeoutMs,
    // A call that comes on an open connection while the server closes is served like those before it, and the connection
    // is the last one to hear of it.
    return503OnClosing: false,
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: headersTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: 5_000,
    },
    // The call has its own id; Fastify's would be made and thrown away.
    genReqId: () => '',
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: (error, _request, reply) => {
      reply.hijack()
      answerError(reply.raw, 'invalid_request_error', nextCallId(options.now()), error.message)
    },
  })
  app.addHook('onRoute', ({ url, handler }) => {
    if (url !== '/healthz' && !gateway.governs(handler)) {
      throw new UngovernedRoute(`${url} does not run the pipeline`)
    }
  })
  refuseWhatIsTooMuch(app, gateway)
  closeConnectionsAfterLastCall(app)
  readBodiesAsBytes(app)
  answerErrors(app, gateway, options)
  registerRoutes(app, gateway)
  return app
}

function refuseWhatIsTooMuch(app: FastifyInstance, gateway: Gateway): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith('/v1') || gateway.admits(request.raw, reply.raw)) done()
    else reply.hijack()
  })
}

/** A connection that serves a call when the server begins to close stays open behind it, and would hold up the close. */
function closeConnectionsAfterLastCall(app: FastifyInstance): void {
  app.addHook('preClose', (done) => {
    const sweep = setInterval(() => app.server.closeIdleConnections(), idleSweepMs)
    app.server.once('close', () => clearInterval(sweep))
    done()
  })
}

function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
}

function registerRoutes(app: FastifyInstance, gateway: Gateway): void {
  for (const { method, url, operation } of routes) {
    app.route({ method, url, config: { operation }, handler: gateway.handler(operation) })
  }
  const fallback = gateway.fallback()
  for (const url of ['/v1', '/v1/*', ...new Set(routes.map((route) => route.url))]) {
    const served = routes.filter((route) => route.url === url).map(({ method }) => method)
    const method = app.supportedMethods.filter((name) => !served.some((one) => one === name))
    app.route({ method, url, config: { operation: 'unknown' }, handler: fallback })
  }
  app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }))
}

function answerErrors(app: FastifyInstance, gateway: Gateway, { now, log }: ServerOptions): void {
  const fallback = gateway.fallback()
  app.setNotFoundHandler((request, reply) => {
    // A method that the router does not know, such as PROPFIND.
    if (request.url.startsWith('/v1')) return fallback.call(app, request, reply)
    reply.hijack()
    answerError(reply.raw, 'not_found', nextCallId(now()))
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    reply.hijack()
    const { operation } = request.routeOptions.config
    const refusal = refuseBody(error)
    if (operation !== undefined && refusal) {
      gateway.govern(operation, request.raw, reply.raw, noBody, refusal)
      return
    }
    const requestId = nextCallId(now())
    log.error({ requestId, err: error }, 'a request failed outside the pipeline')
    if (!reply.raw.headersSent) answerError(reply.raw, 'internal_error', requestId)
  })
}

/** A body that could not be read; undefined when the error is our own. */
function refuseBody({ code, statusCode }: FastifyError): RouteRefusal | undefined {
  // What is left of the body must not be read as the next request.
  const headers = { connection: 'close' }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { denied: new Denied('request_too_large'), headers }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const denied = new Denied('invalid_request_error', 'The Content-Type must be application/json')
    return { denied, headers }
  }
  if (statusCode === undefined || statusCode >= 500) return undefined
  return { denied: new Denied('invalid_request_error', 'The body could not be read'), headers }
}
