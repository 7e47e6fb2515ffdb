import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { connectRedis } from '../transport/redis/connect.ts'
import type { DataPlaneTransport, Transport } from '../transport/transport.ts'
import { AdmissionGate } from './admission/gate.ts'
import { watchEventLoop } from './admission/watch.ts'
import { enrol } from './config/enrol.ts'
import type { ConfigurationFollower } from './config/follow.ts'
import { type Identity, IdentityStore } from './config/identity.ts'
import { startReporting } from './config/report.ts'
import { watchForRestores } from './config/restores.ts'
import { Drain } from './drain.ts'
import type { DataPlaneEnv } from './env.ts'
import { createFollower, restoreConfiguration } from './follower.ts'
import { tuneGarbageCollection } from './garbage-collection.ts'
import { type Governance, openGovernance } from './host/governance.ts'
import { TokenVerifier } from './host/token-verifier.ts'
import { PipelineCompiler } from './pipeline/compiler.ts'
import { loadCustomPlugins } from './pipeline/load-custom.ts'
import { OpenStreams } from './pipeline/open-streams.ts'
import { builtins } from './plugins.ts'
import { Listener } from './routes/listener.ts'
import { createServer } from './routes/server.ts'
import { shutDown } from './shutdown.ts'
import { CallCounter } from './status/call-counter.ts'
import { gatherSources } from './status/gather.ts'
import { createStatusServer } from './status/server.ts'
import type { CallTelemetry } from './telemetry/call-telemetry.ts'
import { version } from './version.ts'

export interface DataPlaneOptions {
  readonly env: DataPlaneEnv
  readonly log: Logger
  /** The store between the planes, which stays open at the end. Absent: the Redis of the environment. */
  readonly transport?: Transport
  /** A signed file of the configuration, for a start that reaches nobody and finds nothing as new on disk. */
  readonly bootstrapFile?: string | undefined
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Whether to start over a journal that is damaged; the control plane is told what cannot be read. */
  readonly acceptDamagedJournal?: boolean
}

export interface DataPlane {
  readonly id: string
  /** Where applications call, without `/v1`. */
  readonly url: string
  readonly statusUrl: string
  /** How long finishing the calls under way may take. */
  readonly drainLimitMs: number
  /** Finishes the calls under way, ships what is recorded and stops, within a bounded time. */
  close(): Promise<void>
}

/** A first start lacks what it needs; the message says what. */
export class NotEnrolled extends Error {
  override readonly name = 'NotEnrolled'
}

type Context = Required<Pick<DataPlaneOptions, 'env' | 'log' | 'now' | 'acceptDamagedJournal'>> & {
  readonly identity: Identity
}

const maxConcurrentCalls = 4_096
const shipLimitMs = 3_000
const telemetryLimitMs = 2_000

/**
 * Starts a data plane. Resolves once it listens; `/readyz` tells when it can serve, which is at once when it has a
 * configuration on disk or the store between the planes answers.
 *
 * @throws NotEnrolled, EnrolmentFailed, StateDirectoryUnusable, JournalDamaged, PluginsUnusable
 */
export async function createDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const { env, log, now = Date.now, acceptDamagedJournal = false } = options
  tuneGarbageCollection()
  const custom = await loadCustomPlugins(env.plugins)
  const { identity, sealedCredentials } = await findIdentity(env)
  const transport = options.transport ?? (await connectOwn(env, log))
  const closeTransport = options.transport ? undefined : () => transport.close()
  const context: Context = { env, log, now, acceptDamagedJournal, identity }
  const ends = transport.dataPlane(identity.organizationId, identity.dataPlaneId)
  const follower = createFollower(context, { ...ends, kind: transport.kind }, (configuration) =>
    pipelines.check(configuration),
  )
  const governance = await governWith(context, ends, follower)
  watchForRestores(follower.state, () => governance.followRestore())
  const tokens = new TokenVerifier({ now, credential: (id) => follower.secrets.credential(id) })
  const calls = new CallCounter()
  const telemetry = await openCallTelemetry(context)
  const pipelines = createPipelines(context, { custom, follower, governance, tokens, calls, telemetry })
  await restoreConfiguration(context, follower, { sealedCredentials, bootstrapFile: options.bootstrapFile })
  await follower.start()
  const stopReporting = startReporting({
    state: follower.state,
    controlPlane: identity.controlPlane,
    version,
    plugins: [...pipelines.descriptions],
    now,
    report: (event) => governance.report(event),
  })
  const configuration = () => follower.configuration
  const whyUnavailable = () => follower.revocation
  const staleness = (limitMs: number) => follower.freshness.objection(limitMs)
  const streams = new OpenStreams()
  const gate = new AdmissionGate(maxConcurrentCalls)
  const recognition = { digest: (secret: string) => follower.secrets.digest(secret), tokens }
  const server = createServer({
    ...{ configuration, whyUnavailable, staleness, pipelines, streams, log, now, gate, recognition },
  })
  const listener = new Listener(server)
  const drain = new Drain({
    ...{ listener, streams, log },
    noticeMs: env.drainNoticeSeconds * 1_000,
    limitMs: env.drainSeconds * 1_000,
  })
  const { dataPlaneId } = identity
  const sources = gatherSources({
    dataPlaneId,
    version,
    now,
    follower,
    transport,
    pipelines,
    governance,
    calls,
    drain,
    gate,
  })
  const status = await createStatusServer({ sources, token: env.statusToken, log })
  const parts = {
    server,
    listener,
    drain,
    status,
    stopReporting,
    follower,
    governance,
    pipelines,
    telemetry,
    closeTransport,
    stopWatching: watchEventLoop(gate),
  }
  return listen(context, parts)
}

interface Parts {
  readonly server: FastifyInstance
  readonly listener: Listener
  readonly drain: Drain
  readonly status: FastifyInstance
  readonly stopReporting: () => void
  readonly follower: ConfigurationFollower
  readonly governance: Governance
  readonly pipelines: PipelineCompiler
  readonly telemetry: CallTelemetry | undefined
  readonly closeTransport: (() => Promise<void>) | undefined
  readonly stopWatching: () => void
}

async function listen({ env, log, identity }: Context, parts: Parts): Promise<DataPlane> {
  const { server, listener, status } = parts
  try {
    await listener.listen({ host: env.host, port: env.port })
    await status.listen({ host: env.statusHost, port: env.statusPort })
  } catch (error) {
    await close(parts, log)
    throw error
  }
  const urls = { url: urlOf(server), statusUrl: urlOf(status) }
  log.info({ ...urls, dataPlaneId: identity.dataPlaneId, version }, 'the data plane listens')
  let closing: Promise<void> | undefined
  return {
    id: identity.dataPlaneId,
    ...urls,
    drainLimitMs: parts.drain.limitMs,
    close() {
      closing ??= close(parts, log)
      return closing
    },
  }
}

/** The configuration is followed to the end of the last call, so that a revocation still reaches the queue before it. */
function close(parts: Parts, log: Logger): Promise<void> {
  const { server, drain, status, stopReporting, follower, governance, pipelines, telemetry, closeTransport } =
    parts
  const { stopWatching } = parts
  const steps = [
    { name: 'finishing the calls', limitMs: drain.limitMs, run: () => drain.run() },
    {
      name: 'cutting calls that did not finish',
      limitMs: 100,
      run: () => server.server.closeAllConnections(),
    },
    { name: 'ending the reports', limitMs: 100, run: stopReporting },
    { name: 'leaving the event loop to itself', limitMs: 100, run: stopWatching },
    { name: 'leaving the configuration', limitMs: 3_000, run: () => follower.close() },
    { name: 'shipping events', limitMs: shipLimitMs * 2, run: () => governance.close(shipLimitMs) },
    { name: 'closing the plugins', limitMs: 1_000, run: () => pipelines.close() },
    { name: 'exporting the last telemetry', limitMs: telemetryLimitMs, run: () => telemetry?.close() },
    { name: 'closing the status server', limitMs: 1_000, run: () => status.close() },
    { name: 'closing the transport', limitMs: 1_000, run: () => closeTransport?.() },
  ]
  return shutDown(steps, log)
}

/** The identity on disk, or the one that an enrolment gives. */
async function findIdentity(env: DataPlaneEnv): Promise<{ identity: Identity; sealedCredentials?: string }> {
  const store = await IdentityStore.open(env.stateDirectory)
  const { identity } = store
  if (identity) return { identity }
  const { enrolmentToken: token, controlPlaneUrl, name } = env
  if (token === undefined) {
    throw new NotEnrolled(
      `${env.stateDirectory} holds no enrolled identity: set GATEHOUSE_ENROLMENT_TOKEN (GraphQL: createEnrolmentToken) and CONTROL_PLANE_URL for this first start`,
    )
  }
  return enrol(store, { controlPlaneUrl, token, name, version })
}

function connectOwn({ redisUrl }: DataPlaneEnv, log: Logger): Promise<Transport> {
  if (redisUrl === undefined) throw new TypeError('a data plane needs REDIS_URL, or a transport handed to it')
  // A start from disk needs no Redis, and must not wait for one that is away.
  return connectRedis(redisUrl, { log, waitForConnection: false })
}

function governWith(
  { env, log, now, acceptDamagedJournal, identity }: Context,
  transport: DataPlaneTransport,
  follower: ConfigurationFollower,
): Promise<Governance> {
  const { organizationId, dataPlaneId, controlPlane, privateSigningKey } = identity
  return openGovernance({
    transport,
    organizationId,
    dataPlaneId,
    signingKey: { id: dataPlaneId, privateKey: privateSigningKey },
    controlPlaneKeys: controlPlane.find,
    stateDirectory: env.stateDirectory,
    recording: {
      durability: env.auditDurability,
      whenFull: env.auditWhenFull,
      maxBytes: env.journalMaxBytes,
      acceptDamage: acceptDamagedJournal,
    },
    dataPlanes: () => follower.dataPlaneCount,
    now,
    log,
  })
}

interface PipelineParts {
  readonly custom: Awaited<ReturnType<typeof loadCustomPlugins>>
  readonly follower: ConfigurationFollower
  readonly governance: Governance
  readonly tokens: TokenVerifier
  readonly calls: CallCounter
  readonly telemetry: CallTelemetry | undefined
}

/** Without a collector not even its code is loaded. */
async function openCallTelemetry({ env, log, identity }: Context): Promise<CallTelemetry | undefined> {
  if (!env.telemetry) return undefined
  const { startCallTelemetry } = await import('./telemetry/start.ts')
  return startCallTelemetry({ settings: env.telemetry, instanceId: identity.dataPlaneId, version, log })
}

function createPipelines(
  { log, now }: Context,
  { custom, follower, governance, tokens, calls, telemetry }: PipelineParts,
): PipelineCompiler {
  const { secrets } = follower
  const journal = calls.watch(governance.journal)
  return new PipelineCompiler(
    { builtins, custom },
    {
      log,
      now,
      random: Math.random,
      staleness: (limitMs) => follower.freshness.objection(limitMs),
      digest: (secret) => secrets.digest(secret),
      credential: (credentialId) => secrets.credential(credentialId),
      tokens,
      ledger: governance.ledger,
      budgets: governance.budgets,
      limits: governance.limits,
      concurrency: governance.concurrency,
      journal: telemetry?.watch(journal) ?? journal,
    },
    telemetry && ((call, request) => telemetry.continueUpstream(call, request)),
  )
}

function urlOf({ server }: FastifyInstance): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
