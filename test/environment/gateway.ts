import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pino, { type Logger } from 'pino'
import { graphqlApi } from '../../cli/demo/graphql-api.ts'
import { type Demo, seedDemo } from '../../cli/demo/seed.ts'
import { type Simulator, startSimulator } from '../../cli/simulator/server.ts'
import { systemActor } from '../../control-plane/actor.ts'
import { type ControlPlane, createControlPlane } from '../../control-plane/app.ts'
import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import { defaultConfigurationHistoryDays, defaultGraphqlSettings } from '../../control-plane/env.ts'
import { createEnrolmentToken } from '../../control-plane/modules/data-planes/index.ts'
import { createDataPlane, type DataPlane } from '../../data-plane/app.ts'
import { createDatabase, redisUrl, type TestDatabase, temporaryDirectory } from './index.ts'

export interface GatewayOptions {
  /** How many serve; one unless said. */
  readonly dataPlanes?: number
  /** Custom plugins, as in GATEHOUSE_PLUGINS. */
  readonly plugins?: readonly string[]
  readonly auditDurability?: 'process' | 'sync' | 'remote'
  readonly auditWhenFull?: 'refuse' | 'count'
  readonly journalMaxBytes?: number
  /** The Redis between the planes, when the test brings its own. */
  readonly redisUrl?: string
  /** How the control plane names its database, when not by its own address. */
  readonly databaseUrl?: (url: string) => Promise<string>
  /** How data planes name that Redis, when it is not as the control plane does. */
  readonly dataPlaneRedisUrl?: (organizationId: string) => Promise<string>
  /** Milliseconds since the epoch, for both planes. */
  readonly now?: () => number
  /** How long the control plane's own loop leaves directories alone. */
  readonly directoryIntervalMs?: number
}

/** `Data` is what the test's own query asks for; nothing checks it. */
export interface GraphqlAnswer<Data> {
  readonly data?: Data
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[]
}

export interface Gateway {
  readonly organizationId: string
  readonly adminToken: string
  readonly graphqlUrl: string
  readonly controlPlane: ControlPlane
  readonly dataPlanes: readonly DataPlane[]
  readonly simulator: Simulator
  readonly database: TestDatabase
  readonly redisUrl: string
  /** Holds every file that the planes and the simulator write. */
  readonly directory: string
  /** A customer, a team, a user, the simulator's models and a key for them. */
  readonly demo: Demo
  /** One request with the admin token, or with another. */
  graphql<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    token?: string,
  ): Promise<GraphqlAnswer<Data>>
  /** Starts the data plane of this index again, from its own state directory. */
  restartDataPlane(index: number): Promise<DataPlane>
  /** Waits until all data planes run what has been decided so far. */
  applied(): Promise<void>
  /** Everything that both planes have logged. */
  logged(): string
  stop(): Promise<void>
}

/** A whole Gatehouse on free ports: own database, own Redis database, simulator, demo data. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const opened = new AsyncDisposableStack()
  try {
    return await open(options, opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function open(options: GatewayOptions, opened: AsyncDisposableStack): Promise<Gateway> {
  const directory = temporaryDirectory()
  opened.defer(() => rmSync(directory, { recursive: true, force: true }))
  const database = await createDatabase()
  opened.defer(() => database.drop())
  const simulator = await startSimulator({ port: 0, logFile: join(directory, 'calls.ndjson') })
  opened.defer(() => simulator.close())
  const store = options.redisUrl ?? (await redisUrl())
  const { log, logged } = captureLog()

  const { applicationUrl } = database
  const databaseUrl = (await options.databaseUrl?.(applicationUrl)) ?? applicationUrl
  const env = controlPlaneEnv(databaseUrl, store)
  const { now, directoryIntervalMs } = options
  const controlPlane = await createControlPlane({
    ...{ env, log },
    ...(now && { now }),
    ...(directoryIntervalMs !== undefined && { directoryIntervalMs }),
  })
  opened.defer(() => controlPlane.close())
  const { services } = controlPlane
  const { organizationId } = await createOrganization(services.database, {
    name: 'Test',
    requireApprovalForHeaderChanges: false,
  })
  const dataPlaneStore = (await options.dataPlaneRedisUrl?.(organizationId)) ?? store
  const adminToken = await issueAdminToken(services.database, organizationId, 'test')

  const startDataPlane = async (index: number) => {
    const { token } = await createEnrolmentToken(services, systemActor(organizationId), { ttlSeconds: 600 })
    const stateDirectory = join(directory, `data-plane-${index}`)
    const planeEnv = dataPlaneEnv(options, {
      index,
      token,
      stateDirectory,
      store: dataPlaneStore,
      controlPlaneUrl: controlPlane.url,
    })
    return createDataPlane({ env: planeEnv, log, ...(options.now && { now: options.now }) })
  }
  const dataPlanes: DataPlane[] = []
  opened.defer(async () => {
    await Promise.all(dataPlanes.map((plane) => plane.close()))
  })
  for (let index = 0; index < (options.dataPlanes ?? 1); index++) dataPlanes.push(await startDataPlane(index))

  const graphqlUrl = `${controlPlane.url}/graphql`
  const demo = await seedDemo(graphqlApi(graphqlUrl, adminToken), simulator.baseUrl)
  const applied = () => untilApplied(controlPlane, organizationId, dataPlanes)
  await applied()
  return {
    ...{
      organizationId,
      adminToken,
      graphqlUrl,
      controlPlane,
      dataPlanes,
      simulator,
      database,
      directory,
      demo,
    },
    redisUrl: store,
    logged,
    applied,
    graphql: (query, variables, token = adminToken) => ask(graphqlUrl, token, query, variables),
    async restartDataPlane(index) {
      await dataPlanes[index]?.close()
      const plane = await startDataPlane(index)
      dataPlanes[index] = plane
      return plane
    },
    stop: () => opened.disposeAsync(),
  }
}

function controlPlaneEnv(databaseUrl: string, store: string) {
  const masterKey = randomBytes(32)
  return {
    databaseUrl,
    redisUrl: store,
    masterKey,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'debug',
    trustedProxies: [],
    graphql: defaultGraphqlSettings,
    configurationHistoryDays: defaultConfigurationHistoryDays,
  }
}

function dataPlaneEnv(
  {
    plugins = [],
    auditDurability = 'process',
    auditWhenFull = 'refuse',
    journalMaxBytes = 1024 ** 3,
  }: GatewayOptions,
  place: { index: number; token: string; stateDirectory: string; store: string; controlPlaneUrl: string },
) {
  return {
    redisUrl: place.store,
    host: '127.0.0.1',
    port: 0,
    statusHost: '127.0.0.1',
    statusPort: 0,
    name: `data-plane-${place.index}`,
    stateDirectory: place.stateDirectory,
    enrolmentToken: place.token,
    controlPlaneUrl: place.controlPlaneUrl,
    plugins,
    auditDurability,
    auditWhenFull,
    journalMaxBytes,
    drainSeconds: 15,
    drainNoticeSeconds: 0,
    statusToken: undefined,
    logLevel: 'debug' as const,
  }
}

function captureLog(): { log: Logger; logged: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('utf8'))
      done()
    },
  })
  return { log: pino({ level: 'debug' }, stream), logged: () => chunks.join('') }
}

async function ask<Data>(
  url: string,
  token: string,
  query: string,
  variables = {},
): Promise<GraphqlAnswer<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as GraphqlAnswer<Data>
}

/** A call with this key gets past the configuration, so the data plane has caught up with it. */
async function untilApplied(
  { database }: ControlPlane,
  organizationId: string,
  dataPlanes: readonly DataPlane[],
): Promise<void> {
  const [newest] = await database.transaction(organizationId, (em) =>
    em.execute<{ revision: number }[]>('select max(revision)::int as revision from config_revisions'),
  )
  const signal = AbortSignal.timeout(20_000)
  for (const { statusUrl } of dataPlanes) {
    while ((await readRevision(statusUrl, signal)) < (newest?.revision ?? 0)) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function readRevision(statusUrl: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(`${statusUrl}/status/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ node { revision } }' }),
    signal,
  })
  const { data } = (await response.json()) as { data?: { node: { revision: number } } }
  return data?.node.revision ?? 0
}
