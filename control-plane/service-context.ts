import type { EntityManager } from '@mikro-orm/postgresql'
import type { Logger } from 'pino'
import type { HoldingsReader } from '../transport/holdings.ts'
import type { Actor } from './actor.ts'
import type { Database } from './db/database.ts'
import type { VisibleRows } from './db/visible-rows.ts'
import { doOnce, type IdempotentRequest } from './idempotency.ts'
import type { LiveFeed } from './live/live-feed.ts'
import type { Secrets } from './secrets/secrets.ts'

export interface Clock {
  /** Milliseconds since the epoch; a test can set it. */
  now(): number
}

/** What every service works with. */
export interface ServiceContext extends Clock {
  readonly database: Database
  readonly secrets: Secrets
  /** What data planes say of their leases. */
  readonly holdings: HoldingsReader
  readonly log: Logger
  readonly live: {
    readonly feed: LiveFeed
    /** How long an event may lie before its subscriber's stream ends, in milliseconds. */
    readonly takeWithinMs: number
  }
  /** The mutation under way, when its caller may repeat it. */
  readonly idempotentRequest?: IdempotentRequest
}

/** For what comes after the one thing that a repeatable request does once. */
export function afterRequest({ idempotentRequest: _done, ...context }: ServiceContext): ServiceContext {
  return context
}

/** One transaction that sees what the actor may see: of their organization, their workspaces and their rows. */
export function transactionOf<T>(
  context: ServiceContext,
  actor: Actor,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  const { organizationId, workspaceIds } = actor
  const rows = visibleRowsOf(actor)
  const { idempotentRequest } = context
  const once = (em: EntityManager) =>
    idempotentRequest ? doOnce(em, actor, idempotentRequest, () => work(em)) : work(em)
  return context.database.transaction(organizationId, once, { workspaceIds, rows })
}

/** Whose virtual keys, usage and audit events the actor sees; null: everybody's. */
export function visibleRowsOf({ rowScope, id, user }: Actor): VisibleRows | null {
  return rowScope === 'all' ? null : { scope: rowScope, actorId: id, user }
}
