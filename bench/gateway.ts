import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { modelOf } from './cases.ts'
import type { Durability } from './flags.ts'
import { AdminApi, createGovernedKey } from './organization.ts'
import { freePort, gatewayCore, otherCore, type Running, startPinned, waitUntilAnswers } from './processes.ts'
import { type Stores, startStores } from './stores.ts'
import type { Target } from './target.ts'

const cli = resolve(import.meta.dirname, '../cli/main.ts')
const readyLimitMs = 30_000
const ingestLimitMs = 60_000

/**
 * The governed gateway as an operator runs it: `gatehouse control-plane` and `gatehouse data-plane` as processes
 * of their own over a real PostgreSQL and a real Redis, with budgets and request limits on every level and audit
 * as durable as it is by default.
 */
export async function startGateway(options: {
  upstreamOrigin: string
  durability: Durability
  profileFolder: string | undefined
  progress: (text: string) => void
}): Promise<Target> {
  const stores = await startStores(options.progress)
  const controlPlaneUrl = await startControlPlane(stores)
  const api = new AdminApi(`${controlPlaneUrl}/graphql`, stores.adminToken)
  const virtualKey = await createGovernedKey(api, `${options.upstreamOrigin}/v1`)
  const { token } = await api.mutate(
    'createEnrolmentToken',
    { ttlSeconds: 600 },
    '... on EnrolmentToken { token }',
  )
  const { origin, statusOrigin, running } = await startDataPlane({
    stores,
    controlPlaneUrl,
    enrolmentToken: String(token),
    durability: options.durability,
    profileFolder: options.profileFolder,
  })
  const target: Target = {
    name: 'gatehouse',
    process: running,
    url: `${origin}/v1/chat/completions`,
    headers: { authorization: `Bearer ${virtualKey}` },
    settle: () => waitUntilIngested(statusOrigin),
  }
  await waitUntilServing(target)
  return target
}

async function startControlPlane({ databaseUrl, redisUrl }: Stores): Promise<string> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = startPinned({
    name: 'control plane',
    core: otherCore,
    command: [process.execPath, '--conditions=source', cli, 'control-plane'],
    env: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      GATEHOUSE_MASTER_KEY: randomBytes(32).toString('base64'),
      CONTROL_PLANE_PORT: String(port),
      LOG_LEVEL: 'warn',
    },
  })
  await waitUntilAnswers(running, url)
  return url
}

async function startDataPlane(options: {
  stores: Stores
  controlPlaneUrl: string
  enrolmentToken: string
  durability: Durability
  profileFolder: string | undefined
}): Promise<{ origin: string; statusOrigin: string; running: Running }> {
  const { stores, controlPlaneUrl, enrolmentToken, profileFolder } = options
  const port = await freePort()
  const statusPort = await freePort()
  const profiling =
    profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`]
  const running = startPinned({
    name: 'data plane',
    core: gatewayCore,
    command: [process.execPath, ...profiling, '--conditions=source', cli, 'data-plane'],
    env: {
      REDIS_URL: stores.redisUrl,
      CONTROL_PLANE_URL: controlPlaneUrl,
      GATEHOUSE_ENROLMENT_TOKEN: enrolmentToken,
      GATEHOUSE_AUDIT_DURABILITY: options.durability,
      GATEHOUSE_STATE_DIR: join(stores.folder, 'data-plane'),
      DATA_PLANE_PORT: String(port),
      DATA_PLANE_STATUS_PORT: String(statusPort),
      LOG_LEVEL: 'warn',
    },
  })
  const origin = `http://127.0.0.1:${port}`
  await waitUntilAnswers(running, origin)
  return { origin, statusOrigin: `http://127.0.0.1:${statusPort}`, running }
}

/** The configuration, the credentials and the first leases have to arrive. */
async function waitUntilServing({ url, headers, process: running }: Target): Promise<void> {
  const deadline = performance.now() + readyLimitMs
  let said = ''
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: modelOf(1_000, 'immediate'), messages: [] }),
        signal: AbortSignal.timeout(10_000),
      })
      said = `${response.status} ${await response.text()}`
      if (response.ok) return
    } catch (error) {
      said = String(error)
    }
    await delay(100)
  }
  throw new Error(`the data plane does not serve: ${said}\n${running?.output() ?? ''}`)
}

/** Every record of the calls so far is in the database, and the data plane knows it. */
async function waitUntilIngested(statusOrigin: string): Promise<void> {
  const deadline = performance.now() + ingestLimitMs
  while (performance.now() < deadline) {
    const response = await fetch(`${statusOrigin}/metrics`, { signal: AbortSignal.timeout(10_000) })
    const [, backlog] = /^gatehouse_event_backlog (\d+)$/m.exec(await response.text()) ?? []
    if (backlog === '0') return
    await delay(100)
  }
  throw new Error(`records of calls are not in the database after ${ingestLimitMs / 1_000} s`)
}
