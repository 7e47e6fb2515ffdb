import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, type Database } from './database.ts'
import { GatehouseProcess } from './gatehouse-process.ts'
import { type ProviderCall, postGraphql, readProviderCalls } from './gateway.ts'
import { type Api, configurationApplied, type Demo } from './keys.ts'
import { Plane } from './plane.ts'
import { RedisServer } from './redis-server.ts'

export interface Planes extends Api {
  readonly controlPlane: Plane
  readonly adminToken: string
  readonly dataPlanes: readonly Plane[]
  /** Where each of them keeps what survives it. */
  readonly stateDirectories: readonly string[]
  readonly redis: RedisServer
  /** For whatever a test writes; removed at the end. */
  readonly folder: string
  readonly database: Database
  readonly masterKey: string
  /** An empty organization's workspace, with a team and a provider that were made through GraphQL. */
  readonly demo: Demo
  providerCalls(): ProviderCall[]
  /** One more data plane, with these settings beside its own. */
  addDataPlane(name: string, environment: Readonly<Record<string, string>>): Promise<Plane>
  /** Waits until every data plane runs what the control plane has decided. */
  applied(): Promise<void>
  stop(): Promise<void>
}

export interface PlanesOptions {
  readonly superuserUrl: string
  readonly dataPlanes: number
  readonly controlPlaneEnvironment?: Readonly<Record<string, string>>
  readonly dataPlaneEnvironment?: Readonly<Record<string, string>>
  /** The data planes hear nothing that is published in Redis. */
  readonly losesHints?: boolean
}

/**
 * Every process on its own, as in production: a simulated provider, one control plane on its own database of a
 * running PostgreSQL, a Redis, and data planes that have enrolled.
 */
export async function startPlanes(options: PlanesOptions): Promise<Planes> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-acceptance-'))
  const started = new AsyncDisposableStack()
  started.defer(() => rmSync(folder, { recursive: true, force: true }))
  try {
    return await start(options, folder, started)
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

async function start(options: PlanesOptions, folder: string, started: AsyncDisposableStack): Promise<Planes> {
  const run = async (command: 'control-plane' | 'data-plane' | 'simulator', env: Record<string, string>) => {
    const plane = new Plane(command, env)
    started.defer(() => plane.kill())
    await plane.start()
    return plane
  }
  const simulatorDir = join(folder, 'provider')
  const [simulator, { database, adminToken }, redis] = await Promise.all([
    run('simulator', { GATEHOUSE_DATA_DIR: simulatorDir, DEMO_PROVIDER_PORT: '0' }),
    prepareDatabase(options.superuserUrl, started),
    startRedis(join(folder, 'redis'), started),
  ])
  const masterKey = randomBytes(32).toString('base64')
  const controlPlane = await run('control-plane', {
    DATABASE_URL: database.applicationUrl,
    REDIS_URL: redis.url,
    GATEHOUSE_MASTER_KEY: masterKey,
    CONTROL_PLANE_PORT: '0',
    ...options.controlPlaneEnvironment,
  })
  const graphql = <Data>(query: string, variables: object = {}) =>
    postGraphql<Data>(`${controlPlane.address('url')}/graphql`, adminToken, query, variables)
  const providerUrl = /http:\S+\/v1/.exec(simulator.output)?.[0] ?? ''
  const demo = await createDemo({ graphql }, providerUrl)
  const dataPlaneRedisUrl = options.losesHints ? await redis.deafUrl() : redis.url
  const stateDirectories = Array.from({ length: options.dataPlanes }, (_, index) =>
    join(folder, `data-plane-${index}`),
  )
  const addDataPlane = async (name: string, environment: Readonly<Record<string, string>>) =>
    run('data-plane', {
      REDIS_URL: dataPlaneRedisUrl,
      CONTROL_PLANE_URL: controlPlane.address('url'),
      GATEHOUSE_ENROLMENT_TOKEN: await createEnrolmentToken({ graphql }),
      GATEHOUSE_STATE_DIR: join(folder, name),
      DATA_PLANE_NAME: name,
      DATA_PLANE_PORT: '0',
      DATA_PLANE_STATUS_PORT: '0',
      ...options.dataPlaneEnvironment,
      ...environment,
    })
  const dataPlanes = await Promise.all(
    stateDirectories.map((_, index) => addDataPlane(`data-plane-${index}`, {})),
  )
  const applied = async () => {
    for (const plane of dataPlanes)
      await configurationApplied({ graphql, statusUrl: plane.address('statusUrl') })
  }
  await applied()
  return {
    ...{ graphql, adminToken, controlPlane, dataPlanes, stateDirectories, redis },
    ...{ database, masterKey, folder, demo, applied },
    addDataPlane,
    providerCalls: () => readProviderCalls(join(simulatorDir, 'simulator/calls.ndjson')),
    stop: () => started.disposeAsync(),
  }
}

async function prepareDatabase(superuserUrl: string, started: AsyncDisposableStack) {
  const database = await createDatabase(superuserUrl)
  started.defer(() => database.drop())
  const { ownerUrl, applicationUrl, applicationRole } = database
  await runGatehouse(['migrate', '--role', applicationRole], {
    DATABASE_OWNER_URL: ownerUrl,
    DATABASE_URL: applicationUrl,
  })
  const adminToken = await runGatehouse(['create-admin-token'], { DATABASE_URL: applicationUrl })
  return { database, adminToken }
}

/** Runs a command that ends by itself; the answer is what it printed. */
export async function runGatehouse(args: readonly string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await new GatehouseProcess(args, env).finished
  if (code !== 0) throw new Error(`gatehouse ${args[0]} ended with ${code}: ${stdout}${stderr}`)
  return stdout.trim()
}

async function startRedis(directory: string, started: AsyncDisposableStack): Promise<RedisServer> {
  mkdirSync(directory)
  const redis = await RedisServer.start(directory)
  started.defer(() => redis.kill())
  return redis
}

export async function createEnrolmentToken({ graphql }: Api): Promise<string> {
  const { createEnrolmentToken: created } = await graphql<{ createEnrolmentToken: { token: string } }>(
    'mutation ($input: CreateEnrolmentTokenInput!) { createEnrolmentToken(input: $input) { ... on EnrolmentToken { token } } }',
    { input: { ttlSeconds: 600 } },
  )
  return created.token
}

async function createDemo({ graphql }: Api, baseUrl: string): Promise<Demo> {
  const create = async (field: string, input: object): Promise<string> => {
    const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}`
    const made = type.replace(/^(Create|Add)/, '')
    const data = await graphql<Record<string, { id?: string; message?: string }>>(
      `mutation ($input: ${type}Input!) { ${field}(input: $input) {
         ... on ${made} { id } ... on Refusal { message } } }`,
      { input },
    )
    const id = data[field]?.id
    if (id === undefined) throw new Error(`${field}: ${data[field]?.message}`)
    return id
  }
  const { workspaces } = await graphql<{ workspaces: { edges: { node: { id: string } }[] } }>(
    '{ workspaces { edges { node { id } } } }',
  )
  const workspaceId = workspaces.edges[0]?.node.id ?? ''
  const providerId = await create('createProvider', { name: 'demo', baseUrl, allowPrivateNetwork: true })
  await create('addProviderKey', {
    providerId,
    name: 'main',
    secret: `sk-${randomBytes(16).toString('hex')}`,
  })
  await create('createModel', {
    providerId,
    name: 'demo-chat',
    maxOutputTokens: 16_384,
    // What the simulator bills.
    prices: {
      inputNanoUsdPerMillionTokens: '150000000',
      cachedInputNanoUsdPerMillionTokens: '75000000',
      outputNanoUsdPerMillionTokens: '600000000',
    },
  })
  const teamId = await create('createTeam', { workspaceId, name: 'Assistants' })
  return { workspaceId, teamId, providerId }
}
