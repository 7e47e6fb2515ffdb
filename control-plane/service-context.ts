import type { EntityManager } from '@mikro-orm/postgresql'
import type { Logger } from 'pino'
import type { Actor } from './actor.ts'
import type { Database } from './db/database.ts'
import type { Secrets } from './secrets/secrets.ts'

export interface Clock {
  /** Milliseconds since the epoch; a test can set it. */
  now(): number
}

/** What every service works with. */
export interface ServiceContext extends Clock {
  readonly database: Database
  readonly secrets: Secrets
  readonly log: Logger
}

/** One transaction that sees what the actor may see: their organization, and their workspace if they have but one. */
export function transactionOf<T>(
  context: ServiceContext,
  actor: Actor,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  return context.database.transaction(actor.organizationId, work, { workspaceId: actor.workspaceId })
}
