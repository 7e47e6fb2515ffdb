import type { EntityName, FilterQuery } from '@mikro-orm/core'
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
  const row = await em.findOne<Row>(entity, { id } as FilterQuery<Row>)
  if (!row) throw new NotFound(what, id)
  return row as Row
}
