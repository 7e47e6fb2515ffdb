import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { requestIdHeader, usableRequestId } from '../contract/headers.ts'
import { connectRedis } from '../transport/redis/connect.ts'
import type { RequestRates } from '../transport/request-rates.ts'
import type { Transport } from '../transport/transport.ts'
import type { BackgroundWork } from './background/dependencies.ts'
import { type Database, openDatabase } from './db/database.ts'
import { newId } from './db/id.ts'
import type { ControlPlaneEnv } from './env.ts'
import { schema } from './graphql/schema.ts'
import { HealthWatch } from './health/health-watch.ts'
import { registerAuthRoutes } from './http/auth-routes.ts'
import { builtConsole, registerConsole } from './http/console.ts'
import { registerGraphiql } from './http/graphiql-page.ts'
import { registerGraphql } from './http/graphql-endpoint.ts'
import { registerHealth } from './http/health.ts'
import { registerMetrics } from './http/metrics-endpoint.ts'
import { createRequestLimiters } from './http/request-limiter.ts'
import { maskUnexpectedErrors } from './http/unexpected-errors.ts'
import { registerUsageCsv } from './http/usage-csv.ts'
import { startIngest } from './ingest/ingest.ts'
import { startClosingUnknownEnds } from './ingest/unknown-ends.ts'
import { startLeaseServer } from './leases/lease-server.ts'
import { startReconciler } from './leases/reconciler.ts'
import { LiveFeed, startLiveFeed } from './live/live-feed.ts'
import { defaultTakeWithinMs } from './live/live-stream.ts'
import { startAccessChangeSweep } from './modules/access-changes/index.ts'
import { startAccessTokenKeys } from './modules/access-tokens/index.ts'
import { startHistoryPruning } from './modules/configuration/index.ts'
import { registerEnrolment } from './modules/data-planes/index.ts'
import { startTestSignInPruning } from './modules/identity-providers/index.ts'
import { startJwtProviderKeys } from './modules/jwt-providers/index.ts'
import { startPriceSweep } from './modules/models/index.ts'
import { startMinutePruning, startSumming } from './modules/usage/index.ts'
import { startKeySweep } from './modules/virtual-keys/index.ts'
import { registerConfigurationPolls } from './polls/http.ts'
import { ConfigurationPolls } from './polls/polls.ts'
import { startDirectorySync } from './provisioning/directory-schedule.ts'
import { startSessionCheck } from './provisioning/session-check.ts'
import { startPublisher } from './publisher/publisher.ts'
import { openSecrets } from './secrets/secrets.ts'
import type { ServiceContext } from './service-context.ts'
import { defaultStoredSessionSettings } from './session-settings.ts'
import { openSessions, startSessionSweep } from './sessions/open.ts'
import { type ControlPlaneTelemetry, startTelemetry } from './telemetry/start.ts'

export interface ControlPlaneOptions {
  readonly env: ControlPlaneEnv
  readonly log: Logger
  /** The store between the planes when they share a process; without it, `env.redisUrl`. Left open at the end. */
  readonly transport?: Transport
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** How long an event may lie before its subscriber's stream ends, in milliseconds; 30 000 unless given. */
  readonly takeWithinMs?: number
  /** Where the console was built, when not where `npm run build:console` puts it. */
  readonly consoleDirectory?: string
  /** How often it looks for directories that are to be read, in milliseconds; 5 000 unless given. */
  readonly directoryIntervalMs?: number
  /** False leaves row-level security as the only wall, for the tests that prove it. */
  readonly ormFilter?: boolean
}

export interface ControlPlane {
  /** Where the API listens, `http://127.0.0.1:4000`. */
  readonly url: string
  readonly database: Database
  readonly services: ServiceContext
  close(): Promise<void>
}

const idleSweepMs = 50

/**
 * Starts a control plane on a migrated database: the GraphQL API, and the loops that publish configurations,
 * take in events and grant leases.
 */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { env, log, now = Date.now, ormFilter = true } = options
  // Whatever is open is closed in reverse order, at the end or when the start fails half-way.
  const opened = new AsyncDisposableStack()
  try {
    const database = await openDatabase({
      url: env.databaseUrl,
      ormFilter,
      statementTimeoutSeconds: env.graphql.operationTimeoutSeconds,
    })
    opened.defer(() => database.close())
    const secrets = await openSecrets(database, env.masterKey)
    const transport = options.transport ?? (await connect(env, log, opened))
    const live = { feed: new LiveFeed(), takeWithinMs: options.takeWithinMs ?? defaultTakeWithinMs }
    const ends = transport.controlPlane()
    const { masterKey, redisUrl } = env
    const sessionSettings = env.sessions ?? defaultStoredSessionSettings
    const { sessions, close } = openSessions({ database, log, now, masterKey, redisUrl }, sessionSettings)
    opened.defer(close)
    let listensAt = ''
    const services: ServiceContext = {
      ...{ database, secrets, sessions, holdings: ends.holdings, log, live, now },
      get publicUrl() {
        return env.publicUrl ?? listensAt
      },
    }

    const background = { database, secrets, transport: ends, log, now }
    const polls = new ConfigurationPolls(services)
    const publisher = startPublisher({
      ...background,
      databaseUrl: env.databaseUrl,
      onCommit: (organizationId) => polls.wake(organizationId),
    })
    const ingest = startIngest(background)
    const reconciler = startReconciler(background)
    const loops = [
      publisher,
      ingest,
      reconciler,
      startClosingUnknownEnds(background),
      startLeaseServer(background),
      startKeySweep(background),
      startMinutePruning(background),
      startSumming(background),
      startPriceSweep(background),
      startHistoryPruning({ ...background, configurationHistoryDays: env.configurationHistoryDays }),
      startAccessTokenKeys(background),
      startJwtProviderKeys(background),
      startSessionSweep(sessions, { database, log }),
      startSessionCheck(services, sessionSettings),
      startDirectorySync(services, options.directoryIntervalMs),
      startTestSignInPruning(services),
      startAccessChangeSweep(services),
      startLiveFeed(live.feed, { databaseUrl: env.databaseUrl, log }),
    ]
    opened.defer(() => stopAll(loops))

    const health = new HealthWatch({
      ...background,
      transport,
      ends,
      publisher,
      books: reconciler.books,
    })
    opened.defer(() => health.stop())
    const telemetry = await startTelemetry({ env, log, now, database, health, ingest })
    opened.defer(() => telemetry.close())
    const { rates } = ends
    const { consoleDirectory = builtConsole } = options
    const server = createServer(env, services, { health, rates, polls, consoleDirectory }, telemetry)
    opened.defer(() => server.close())
    const url = await server.listen({ host: env.host, port: env.port })
    listensAt = url
    return { url, database, services, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** At once: some end the step under way only when nothing has come for a while. */
async function stopAll(loops: readonly BackgroundWork[]): Promise<void> {
  const outcomes = await Promise.allSettled(loops.map((loop) => loop.stop()))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function connect(env: ControlPlaneEnv, log: Logger, opened: AsyncDisposableStack): Promise<Transport> {
  if (env.redisUrl === undefined) throw new TypeError('REDIS_URL must be set, or a transport be given')
  const transport = await connectRedis(env.redisUrl, { log })
  opened.defer(() => transport.close())
  return transport
}

interface ServedParts {
  readonly health: HealthWatch
  readonly rates: RequestRates | undefined
  readonly polls: ConfigurationPolls
  readonly consoleDirectory: string
}

function createServer(
  env: ControlPlaneEnv,
  services: ServiceContext,
  { health, rates, polls, consoleDirectory }: ServedParts,
  { observer, registry }: ControlPlaneTelemetry,
) {
  const loggerInstance: FastifyBaseLogger = services.log
  const fastify = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: requestIdOf,
    bodyLimit: 1_000_000,
    // To send a request; its answer may take longer.
    requestTimeout: 30_000,
    trustProxy: env.trustedProxies.length > 0 ? [...env.trustedProxies] : false,
  })
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header(requestIdHeader, request.id)
  })
  maskUnexpectedErrors(fastify)
  registerMetrics(fastify, registry, env)
  closeConnectionsAfterLastQuery(fastify)
  registerHealth(fastify, health)
  registerEnrolment(fastify, services)
  registerConfigurationPolls(fastify, polls)
  const limiters = createRequestLimiters(env.graphql, { now: services.now, shared: rates })
  registerUsageCsv(fastify, services, { ...env.graphql, limiters })
  registerAuthRoutes(fastify, services, { limiter: limiters.ofAddress, registry })
  registerConsole(fastify, consoleDirectory)
  // The editor asks for the schema, and for what is typed into it.
  const { introspection, persistedOperationsFile } = env.graphql
  if (introspection && persistedOperationsFile === undefined) registerGraphiql(fastify)
  registerGraphql(fastify, schema, services, { ...env.graphql, observer, limiters })
  return fastify
}

/** The caller's own id of the request where it gave a usable one: its log and ours then name the same. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers[requestIdHeader]
  return typeof given === 'string' && usableRequestId.test(given) ? given : newId('req')
}

/** A connection that serves a query when the server begins to close stays open behind it, and would hold up the close. */
function closeConnectionsAfterLastQuery(fastify: Pick<FastifyInstance, 'server' | 'addHook'>): void {
  fastify.addHook('preClose', (done) => {
    const sweep = setInterval(() => fastify.server.closeIdleConnections(), idleSweepMs)
    fastify.server.once('close', () => clearInterval(sweep))
    done()
  })
}
