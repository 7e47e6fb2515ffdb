import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { freePort, gatewayCore, otherCore, type Running, startPinned, waitUntilAnswers } from './processes.ts'
import type { Stores } from './stores.ts'

const cli = resolve(import.meta.dirname, '../cli/main.ts')

export interface ControlPlane {
  readonly url: string
  readonly running: Running
}

export interface DataPlane {
  readonly origin: string
  readonly statusOrigin: string
  readonly running: Running
}

/**
 * `gatehouse control-plane` as an operator runs it, beside the gateway's core. Resolves once it answers.
 *
 * @param yields as in `startStores`
 */
export async function startControlPlane(
  { databaseUrl, redisUrl }: Stores,
  env: Readonly<Record<string, string>>,
  yields = false,
): Promise<ControlPlane> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = startPinned({
    name: 'control plane',
    core: otherCore,
    command: [
      ...(yields ? ['chrt', '--idle', '0'] : []),
      process.execPath,
      '--conditions=source',
      cli,
      'control-plane',
    ],
    env: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      CONTROL_PLANE_PORT: String(port),
      LOG_LEVEL: 'warn',
      ...env,
    },
  })
  await waitUntilAnswers(running, url)
  return { url, running }
}

export function newMasterKey(): string {
  return randomBytes(32).toString('base64')
}

/** `gatehouse data-plane` on the gateway's core, with its state in the stores' folder. Resolves once it answers. */
export async function startDataPlane(options: {
  readonly stores: Stores
  readonly controlPlaneUrl: string
  readonly enrolmentToken: string
  readonly env?: Readonly<Record<string, string>>
  /** For Node. */
  readonly flags?: readonly string[]
}): Promise<DataPlane> {
  const { stores, controlPlaneUrl, enrolmentToken, env = {}, flags = [] } = options
  const port = await freePort()
  const statusPort = await freePort()
  const running = startPinned({
    name: 'data plane',
    core: gatewayCore,
    command: [process.execPath, ...flags, '--conditions=source', cli, 'data-plane'],
    env: {
      REDIS_URL: stores.redisUrl,
      CONTROL_PLANE_URL: controlPlaneUrl,
      GATEHOUSE_ENROLMENT_TOKEN: enrolmentToken,
      GATEHOUSE_STATE_DIR: join(stores.folder, 'data-plane'),
      DATA_PLANE_PORT: String(port),
      DATA_PLANE_STATUS_PORT: String(statusPort),
      LOG_LEVEL: 'warn',
      ...env,
    },
  })
  const origin = `http://127.0.0.1:${port}`
  await waitUntilAnswers(running, origin)
  return { origin, statusOrigin: `http://127.0.0.1:${statusPort}`, running }
}
