import type { Logger } from 'pino'
import type { ControlPlaneTransport } from '../../transport/transport.ts'
import type { Database } from '../db/database.ts'
import type { Secrets } from '../secrets/secrets.ts'

/** What the loops beside the GraphQL API work with. */
export interface BackgroundDependencies {
  readonly database: Database
  readonly secrets: Secrets
  readonly transport: ControlPlaneTransport
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface BackgroundWork {
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>
}
