import { randomBytes } from 'node:crypto'
import pino from 'pino'
import { type ControlPlane, createControlPlane } from '../../control-plane/app.ts'
import { createOrganization, issueAdminToken } from '../../control-plane/bootstrap.ts'
import {
  type ControlPlaneEnv,
  defaultConfigurationHistoryDays,
  defaultGraphqlSettings,
  type GraphqlSettings,
} from '../../control-plane/env.ts'
import {
  defaultStoredSessionSettings,
  type StoredSessionSettings,
} from '../../control-plane/session-settings.ts'
import type { TelemetrySettings } from '../../telemetry/settings.ts'
import { createMemoryTransport } from '../../transport/memory/create.ts'
import type { Transport } from '../../transport/transport.ts'
import { createDatabase, type TestDatabase } from '../environment/index.ts'

export interface Answer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors: readonly { message: string; extensions: Record<string, unknown> }[]
}

export interface Tenant {
  readonly organizationId: string
  readonly workspaceId: string
  readonly token: string
}

export interface TestApi {
  readonly controlPlane: ControlPlane
  readonly testDatabase: TestDatabase
  /** What the control plane logged, one JSON object a line. */
  readonly logged: string[]
  createTenant(name: string): Promise<Tenant>
  ask(token: string | undefined, query: string, variables?: object): Promise<Answer>
  /** One more control plane on the same database. */
  startAnother(sessions?: Partial<StoredSessionSettings>): Promise<ControlPlane>
  close(): Promise<void>
}

/** A field of an answer, in the shape that the test's own query gives it. */
export function read<T>(data: Answer['data'], field: string): T {
  if (data?.[field] == null) throw new Error(`the answer has no ${field}`)
  return data[field] as T
}

/** A control plane on a database of its own, with an in-process store between the planes. */
export async function startApi(
  options: {
    ormFilter?: boolean
    now?: () => number
    transport?: Transport
    graphql?: Partial<GraphqlSettings>
    trustedProxies?: readonly string[]
    telemetry?: TelemetrySettings
    statusToken?: string
    /** Of what is kept in Redis besides; the planes have a store in this process. */
    redisUrl?: string
    takeWithinMs?: number
    directoryIntervalMs?: number
    sessions?: Partial<StoredSessionSettings>
    /** Where the console was built. */
    consoleDirectory?: string
  } = {},
): Promise<TestApi> {
  const testDatabase = await createDatabase()
  const transport = options.transport ?? createMemoryTransport()
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) })
  const env: ControlPlaneEnv = {
    databaseUrl: testDatabase.applicationUrl,
    redisUrl: options.redisUrl,
    masterKey: randomBytes(32),
    host: '127.0.0.1',
    port: 0,
    logLevel: 'info',
    trustedProxies: options.trustedProxies ?? [],
    graphql: { ...defaultGraphqlSettings, ...options.graphql },
    configurationHistoryDays: defaultConfigurationHistoryDays,
    telemetry: options.telemetry,
    statusToken: options.statusToken,
    sessions: { ...defaultStoredSessionSettings, ...options.sessions },
  }
  const controlPlane = await createControlPlane({ env, log, ...options, transport })
  const others: ControlPlane[] = []
  const { database, url } = controlPlane
  return {
    controlPlane,
    testDatabase,
    logged,
    async createTenant(name) {
      const { organizationId, workspaceId } = await createOrganization(database, {
        name,
        requireApprovalForHeaderChanges: false,
      })
      return { organizationId, workspaceId, token: await issueAdminToken(database, organizationId, 'test') }
    },
    async ask(token, query, variables = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      })
      const { data = null, errors = [] } = (await response.json()) as Partial<Answer>
      return { status: response.status, data, errors }
    },
    async startAnother(sessions = {}) {
      const settings = { ...defaultStoredSessionSettings, ...options.sessions, ...sessions }
      const other = await createControlPlane({
        env: { ...env, sessions: settings },
        log,
        ...options,
        transport,
      })
      others.push(other)
      return other
    },
    async close() {
      const planes = [controlPlane, ...others]
      // Once the store is closed, nothing waits for it any more.
      await Promise.all([...planes.map((plane) => plane.close()), transport.close()])
      await testDatabase.drop()
    },
  }
}
