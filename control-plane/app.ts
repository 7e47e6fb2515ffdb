import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { connectRedis } from '../transport/redis/connect.ts'
import type { Transport } from '../transport/transport.ts'
import { type Database, openDatabase } from './db/database.ts'
import type { ControlPlaneEnv } from './env.ts'
import { schema } from './graphql/schema.ts'
import { registerGraphql } from './http/graphql-endpoint.ts'
import { registerHealth } from './http/health.ts'
import { registerPage } from './http/page.ts'
import { startIngest } from './ingest/ingest.ts'
import { startLeaseServer } from './leases/lease-server.ts'
import { registerEnrolment } from './modules/data-planes/index.ts'
import { startPublisher } from './publisher/publisher.ts'
import { openSecrets } from './secrets/secrets.ts'
import type { ServiceContext } from './service-context.ts'

export interface ControlPlaneOptions {
  readonly env: ControlPlaneEnv
  readonly log: Logger
  /** The store between the planes when they share a process; without it, `env.redisUrl`. Left open at the end. */
  readonly transport?: Transport
  /** Milliseconds since the epoch. */
  readonly now?: () => number
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
    const database = await openDatabase({ url: env.databaseUrl, ormFilter })
    opened.defer(() => database.close())
    const secrets = await openSecrets(database, env.masterKey)
    const transport = options.transport ?? (await connect(env, log, opened))
    const services: ServiceContext = { database, secrets, log, now }

    const background = { database, secrets, transport: transport.controlPlane(), log, now }
    const loops = [
      startPublisher({ ...background, databaseUrl: env.databaseUrl }),
      startIngest(background),
      startLeaseServer(background),
    ]
    for (const loop of loops) opened.defer(() => loop.stop())

    const server = createServer(services, transport)
    opened.defer(() => server.close())
    const url = await server.listen({ host: env.host, port: env.port })
    return { url, database, services, close: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function connect(env: ControlPlaneEnv, log: Logger, opened: AsyncDisposableStack): Promise<Transport> {
  if (env.redisUrl === undefined) throw new TypeError('REDIS_URL must be set, or a transport be given')
  const transport = await connectRedis(env.redisUrl, { log })
  opened.defer(() => transport.close())
  return transport
}

function createServer(services: ServiceContext, transport: Transport) {
  const loggerInstance: FastifyBaseLogger = services.log
  const fastify = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_000_000,
  })
  closeConnectionsAfterLastQuery(fastify)
  registerHealth(fastify, { database: services.database, transport })
  registerEnrolment(fastify, services)
  registerPage(fastify)
  registerGraphql(fastify, schema, services)
  return fastify
}

/** A connection that serves a query when the server begins to close stays open behind it, and would hold up the close. */
function closeConnectionsAfterLastQuery(fastify: Pick<FastifyInstance, 'server' | 'addHook'>): void {
  fastify.addHook('preClose', (done) => {
    const sweep = setInterval(() => fastify.server.closeIdleConnections(), idleSweepMs)
    fastify.server.once('close', () => clearInterval(sweep))
    done()
  })
}
