import type { EntityName, FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../actor.ts'
import type { RequestContext } from '../graphql/context.ts'
import { BadUserInput } from '../graphql/errors.ts'
import { transactionOf } from '../service-context.ts'
import type { LivePage } from './live-stream.ts'

const pageSize = 100
/** Pages without anything for this subscriber that one look passes over. */
const mostEmptyPages = 20

export interface AppendedRows<Row extends { id: string }> {
  readonly table: 'usage_records' | 'audit_events' | 'configuration_applications' | 'budget_crossings'
  readonly entity: EntityName<Row>
  /** What of the rows the actor may see and wants: the same as in the list of these rows. */
  where(actor: Actor): FilterQuery<Row>
  /** The id of the last event that the subscriber has; without it, only what is committed from now on. */
  readonly after?: string | null | undefined
}

/** Where a reader stands: behind this row, in the order of transactions. */
interface Position {
  readonly transactionId: string
  readonly id: string
  /** What was committed before the reader began and is not to be told, as a PostgreSQL snapshot. */
  readonly seen: string | null
}

/**
 * Reads an append-only table to its moving end without missing a row. Ids do not rise in the order of commits, so
 * rows are read in the order of their transactions' ids, and only up to the oldest transaction that still runs.
 */
export class AppendedRowsReader<Row extends { id: string }> {
  readonly #rows: AppendedRows<Row>
  #position: Position | undefined

  private constructor(rows: AppendedRows<Row>) {
    this.#rows = rows
  }

  /** @throws BadUserInput when `after` names nothing that the actor may see. */
  static async begin<Row extends { id: string }>(
    context: RequestContext,
    rows: AppendedRows<Row>,
  ): Promise<AppendedRowsReader<Row>> {
    const reader = new AppendedRowsReader(rows)
    reader.#position = await transactionOf(context.services, context.actor, (em) =>
      reader.#findStart(em, context.actor),
    )
    return reader
  }

  read({ services, actor }: RequestContext): Promise<LivePage<Row>> {
    return transactionOf(services, actor, async (em) => {
      for (let page = 0; page < mostEmptyPages; page++) {
        const { events, isLast, hasMore } = await this.#readPage(em, actor)
        if (events.length > 0 || isLast) return { events, hasMore }
      }
      return { events: [], hasMore: true }
    })
  }

  /** Those of rows that were read before that the actor may see still. */
  stillShown({ services, actor }: RequestContext, rows: readonly Row[]): Promise<Row[]> {
    const ids = rows.map(({ id }) => id)
    return transactionOf(services, actor, (em) => this.#load(em, actor, ids))
  }

  async #readPage(em: EntityManager, actor: Actor) {
    const found = await this.#list(em, actor)
    const settled = found.filter(({ isSettled }) => isSettled)
    const last = settled.at(-1)
    if (last) this.#position = { ...last, seen: this.#position?.seen ?? null }
    const events = await this.#load(
      em,
      actor,
      settled.map(({ id }) => id),
    )
    return { events, isLast: settled.length < pageSize, hasMore: found.length > settled.length }
  }

  async #load(em: EntityManager, actor: Actor, ids: readonly string[]): Promise<Row[]> {
    if (ids.length === 0) return []
    const where = { $and: [this.#rows.where(actor), { id: { $in: [...ids] } }] } as FilterQuery<Row>
    const rows = await em.find<Row>(this.#rows.entity, where)
    const byId = new Map<string, Row>(rows.map((row) => [row.id, row]))
    return ids.flatMap((id) => byId.get(id) ?? [])
  }

  async #findStart(em: EntityManager, actor: Actor): Promise<Position> {
    const { after, table } = this.#rows
    if (after == null) {
      const [now] = await em.execute<{ snapshot: string; oldest: string }[]>(
        `select pg_current_snapshot()::text as snapshot,
           pg_snapshot_xmin(pg_current_snapshot())::text as oldest`,
      )
      if (!now) throw new Error('the database tells no snapshot')
      return { transactionId: now.oldest, id: '', seen: now.snapshot }
    }
    const [visible] = await this.#load(em, actor, [after])
    const [row] = await em.execute<Omit<Position, 'seen'>[]>(
      `select transaction_id::text as "transactionId", id from ${table} where org_id = ? and id = ?`,
      [actor.organizationId, after],
    )
    if (!row || !visible) throw new BadUserInput('after', 'names no event that you may see')
    return { ...row, seen: null }
  }

  #list(em: EntityManager, { organizationId }: Actor) {
    const { transactionId, id, seen } = this.#position ?? { transactionId: '0', id: '', seen: null }
    return em.execute<{ id: string; transactionId: string; isSettled: boolean }[]>(
      `select id, transaction_id::text as "transactionId",
         transaction_id < pg_snapshot_xmin(pg_current_snapshot()) as "isSettled"
       from ${this.#rows.table}
       where org_id = ? and (transaction_id, id) > (?::xid8, ?)
         and (?::text is null or not pg_visible_in_snapshot(transaction_id, (?::text)::pg_snapshot))
       order by transaction_id, id limit ${pageSize}`,
      [organizationId, transactionId, id, seen, seen],
    )
  }
}
