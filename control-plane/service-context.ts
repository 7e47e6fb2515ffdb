import type { EntityManager } from '@mikro-orm/postgresql'
import type { Logger } from 'pino'
import type { HoldingsReader } from '../transport/holdings.ts'
import type { Actor } from './actor.ts'
import type { Database } from './db/database.ts'
import type { VisibleRows } from './db/visible-rows.ts'
import { doOnce, type IdempotentRequest } from './idempotency.ts'
import type { LiveFeed } from './live/live-feed.ts'
import type { Secrets } from './secrets/secrets.ts'
import type { Sessions } from './sessions/sessions.ts'

export interface Clock {
  /** Milliseconds since the epoch; a test can set it. */
  now(): number
}

/** What every service works with. */
export interface ServiceContext extends Clock {
  readonly database: Database
  readonly secrets: Secrets
  /** Of the people who are signed in. */
  readonly sessions: Sessions
  /** Where browsers find us, an origin. */
  readonly publicUrl: string
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
  /** Where the transaction is not the mutation's own: takes what is to be done once it is committed. */
  readonly whenCommitted?: (work: CommittedWork) => void
}

/** Is given a context whose transactions are its own. */
export type CommittedWork = (context: ServiceContext) => Promise<unknown>

/** Does what no transaction takes back, behind the one of the mutation. */
export async function afterCommit(context: ServiceContext, work: CommittedWork): Promise<void> {
  if (context.whenCommitted) context.whenCommitted(work)
  else await work(context)
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

/** Lets mutations run in the transaction that is under way. */
export function joinTransaction(context: ServiceContext, em: EntityManager): ServiceContext {
  const transaction = <T>(_organizationId: string, work: (em: EntityManager) => Promise<T>) =>
    em.fork({ keepTransactionContext: true }).transactional(work, { clear: true })
  return { ...context, database: { ...context.database, transaction } }
}

/** Whose virtual keys, usage and audit events the actor sees; null: everybody's. */
export function visibleRowsOf({ rowScope, id, user }: Actor): VisibleRows | null {
  return rowScope === 'all' ? null : { scope: rowScope, actorId: id, user }
}
