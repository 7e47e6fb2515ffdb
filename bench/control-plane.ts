import pino from 'pino'
import { type ControlPlane, createControlPlane } from '../control-plane/app.ts'
import { type ControlPlaneEnv, defaultGraphqlSettings } from '../control-plane/env.ts'
import { createMemoryTransport } from '../transport/memory/create.ts'
import { onStop } from './processes.ts'

const unlimited = 1_000_000
/** The same in each run, for a database that was kept; there is no secret in it. */
const masterKey = Buffer.alloc(32, 1)

/** A control plane in this process that limits nobody's requests, without data planes. It stops with the run. */
export async function startControlPlane(
  env: Pick<ControlPlaneEnv, 'databaseUrl' | 'redisUrl' | 'sessions'>,
): Promise<ControlPlane> {
  const transport = createMemoryTransport()
  const controlPlane = await createControlPlane({
    env: {
      ...env,
      masterKey,
      host: '127.0.0.1',
      port: 0,
      configurationHistoryDays: 90,
      logLevel: 'error',
      trustedProxies: [],
      graphql: {
        ...defaultGraphqlSettings,
        requestsPerMinute: unlimited,
        requestsPerMinuteOfAddress: unlimited,
      },
    },
    log: pino({ level: 'error' }, process.stderr),
    transport,
  })
  onStop(() => transport.close())
  onStop(() => controlPlane.close())
  return controlPlane
}
