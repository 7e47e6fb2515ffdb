import { type EntityName, type FilterQuery, LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { StaleUpdate } from '../graphql/concurrency.ts'
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

/** What its caller has read of the row that is to be changed. */
export interface ExpectedVersion {
  readonly expectedVersion?: number | null | undefined
}

/**
 * The row of this id, locked until the transaction ends. Whoever changes a row locks it first: of two changes at once,
 * the later one would otherwise tell data planes and the audit log what the row was before the earlier one.
 *
 * @throws NotFound when there is none that this transaction may see; StaleUpdate when it is not at the version that the
 * caller expects.
 */
export async function lockRow<Row extends { id: string }>(
  em: EntityManager,
  entity: EntityName<Row>,
  what: string,
  id: string,
  { expectedVersion }: ExpectedVersion = {},
): Promise<Row> {
  const lockMode = LockMode.PESSIMISTIC_WRITE
  const row = required(await em.findOne<Row>(entity, { id } as FilterQuery<Row>, { lockMode }), what, id)
  checkVersion(row, what, id, expectedVersion)
  return row
}

/** @throws StaleUpdate */
export function checkVersion(
  row: object,
  what: string,
  id: string,
  expected: number | null | undefined,
): void {
  const version = 'version' in row ? row.version : undefined
  if (expected != null && version !== expected)
    throw new StaleUpdate(what, id, String(expected), String(version))
}

function required<Row>(row: Row | null, what: string, id: string): Row {
  if (row === null) throw new NotFound(what, id)
  return row
}
