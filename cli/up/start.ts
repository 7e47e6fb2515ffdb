import type { Logger } from 'pino'
import { createControlPlane } from '../../control-plane/app.ts'
import { readEnv as readControlPlaneEnv } from '../../control-plane/env.ts'
import { createDataPlane } from '../../data-plane/app.ts'
import { readEnv as readDataPlaneEnv } from '../../data-plane/env.ts'
import type { UpEnv } from '../env.ts'
import { startSimulator } from '../simulator/server.ts'
import { orRefuse, StartRefused } from '../start-refused.ts'
import { waitUntilCurrent } from './catch-up.ts'
import { lockDataDir, prepareDataDir, simulatorLog } from './data-dir.ts'
import { type Addresses, completeDemo, ensureOrganization, prepareDemo } from './demo.ts'
import { enrolmentToken, stateDirectoryOf } from './enrolment.ts'
import { requireFreePorts } from './ports.ts'
import type { Quickstart } from './quickstart.ts'
import { removeRuntime, writeRuntime } from './runtime-file.ts'
import type { RunningParts } from './shutdown.ts'
import { openStores, type Stores } from './stores.ts'

export interface StartOptions {
  readonly env: UpEnv
  readonly log: Logger
  /** Everything that was started is added here, also when a later step fails. */
  readonly parts: RunningParts
  readonly announce: (line: string) => void
  /** Whether to start over a journal of the data plane that is damaged. */
  readonly acceptDamagedJournal: boolean
}

export interface Started {
  readonly dataDir: string
  readonly addresses: Addresses
  /** Absent with an own database, and when quickstart.json was removed. */
  readonly quickstart?: Quickstart
}

/**
 * Brings up everything on this machine: stores, demo provider, control plane, data plane.
 *
 * @throws StartRefused in one sentence when something here keeps it from running.
 */
export async function startEverything(options: StartOptions): Promise<Started> {
  const { env, parts, announce } = options
  const dataDir = prepareDataDir(env.dataDir)
  const lock = await lockDataDir(dataDir)
  if (lock === undefined)
    throw new StartRefused(`Gatehouse already runs on ${dataDir}: stop it first, or set GATEHOUSE_DATA_DIR`)
  parts.add({ name: 'The lock', limitMs: 5_000, stop: () => lock.release() })
  await requirePorts(env)

  const stores = await openStores(env, dataDir, parts, announce)
  const controlPlane = await startControlPlane(options, stores)
  parts.add({ name: 'The control plane', limitMs: 15_000, stop: () => controlPlane.close() })
  await writeRuntime(dataDir, { pid: process.pid, databaseUrl: stores.databaseUrl })
  parts.add({ name: 'The runtime file', limitMs: 5_000, stop: () => removeRuntime(dataDir) })

  const { services } = controlPlane
  const organizationId = await ensureOrganization(services.database, dataDir)
  const token = await enrolmentToken(services, organizationId, dataDir)
  const dataPlane = await startDataPlane(options, stores, {
    dataDir,
    token,
    controlPlaneUrl: controlPlane.url,
  })
  const limitMs = dataPlane.drainLimitMs + 15_000
  parts.add({ name: 'The data plane', limitMs, stop: () => dataPlane.close() })

  const addresses = {
    pageUrl: `${controlPlane.url}/`,
    graphqlUrl: `${controlPlane.url}/graphql`,
    dataPlaneUrl: dataPlane.url,
    statusUrl: dataPlane.statusUrl,
  }
  if (env.database !== undefined) return { dataDir, addresses }
  const simulator = await startSimulator({ port: env.demoProviderPort, logFile: simulatorLog(dataDir) })
  parts.add({ name: 'The demo provider', limitMs: 5_000, stop: () => simulator.close() })
  const { openaiApiKey } = env
  const demo = { dataDir, database: services.database, openaiApiKey, announce }
  const quickstart = await prepareDemo(demo, organizationId, addresses, simulator.baseUrl)
  if (quickstart === undefined) return { dataDir, addresses }
  const status = { url: dataPlane.statusUrl, token: env.planes.GATEHOUSE_STATUS_TOKEN }
  await waitUntilCurrent(services.database, organizationId, status)
  await completeDemo(dataDir, quickstart)
  return { dataDir, addresses, quickstart }
}

/** Before anything is started, so that a mistake costs no time; the servers themselves decide. */
async function requirePorts({ planes, demoProviderPort, database }: UpEnv): Promise<void> {
  const host = (name: string) => planes[name] ?? '127.0.0.1'
  const port = (name: string, preset: number) => ({ port: Number(planes[name] ?? preset), name })
  const wanted = [
    { host: host('CONTROL_PLANE_HOST'), ...port('CONTROL_PLANE_PORT', 4000) },
    { host: host('DATA_PLANE_HOST'), ...port('DATA_PLANE_PORT', 8080) },
    { host: host('DATA_PLANE_STATUS_HOST'), ...port('DATA_PLANE_STATUS_PORT', 8081) },
  ]
  const demo = { host: '127.0.0.1', port: demoProviderPort, name: 'DEMO_PROVIDER_PORT' }
  await requireFreePorts(database === undefined ? [...wanted, demo] : wanted)
}

function startControlPlane({ env, log }: StartOptions, stores: Stores) {
  const source = {
    ...env.planes,
    DATABASE_URL: stores.databaseUrl,
    GATEHOUSE_MASTER_KEY: stores.masterKey,
    REDIS_URL: stores.redisUrl,
  }
  const { transport } = stores
  const planeEnv = orRefuse(() => readControlPlaneEnv(source, { needsRedis: transport === undefined }))
  return createControlPlane({
    env: planeEnv,
    log: log.child({ plane: 'control' }),
    ...(transport && { transport }),
  })
}

function startDataPlane(
  { env, log, acceptDamagedJournal }: StartOptions,
  { redisUrl, transport }: Stores,
  enrolment: { dataDir: string; token: string | undefined; controlPlaneUrl: string },
) {
  const source = {
    GATEHOUSE_AUDIT_DURABILITY: 'process',
    // Whoever presses Ctrl-C waits for it.
    GATEHOUSE_DRAIN_SECONDS: '10',
    ...env.planes,
    REDIS_URL: redisUrl,
    GATEHOUSE_STATE_DIR: stateDirectoryOf(enrolment.dataDir),
    GATEHOUSE_ENROLMENT_TOKEN: enrolment.token,
    CONTROL_PLANE_URL: enrolment.controlPlaneUrl,
  }
  const planeEnv = orRefuse(() => readDataPlaneEnv(source, { needsRedis: transport === undefined }))
  return createDataPlane({
    env: planeEnv,
    log: log.child({ plane: 'data' }),
    acceptDamagedJournal,
    ...(transport && { transport }),
  })
}
