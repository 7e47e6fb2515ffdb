import { type EntityName, type FilterQuery, LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { NotFound } from '../graphql/refusals.ts'

/**
 * The row of this id.
 *
 * @throws NotFound when there is none that this transaction may see.
 */
export async function requireRow<Row extends { id: string }>(
  em: EntityManager,
  entity: EntityName<Row>,
  what: string,
  id: string,
): Promise<Row> {
  return required(await em.findOne<Row>(entity, { id } as FilterQuery<Row>), what, id)
}

/**
 * The row of this id, locked until the transaction ends. Whoever changes a row locks it first: of two changes at once,
 * the later one would otherwise tell data planes and the audit log what the row was before the earlier one.
 *
 * @throws NotFound when there is none that this transaction may see.
 */
export async function lockRow<Row extends { id: string }>(
  em: EntityManager,
  entity: EntityName<Row>,
  what: string,
  id: string,
): Promise<Row> {
  const lockMode = LockMode.PESSIMISTIC_WRITE
  return required(await em.findOne<Row>(entity, { id } as FilterQuery<Row>, { lockMode }), what, id)
}

function required<Row>(row: Row | null, what: string, id: string): Row {
  if (row === null) throw new NotFound(what, id)
  return row
}
