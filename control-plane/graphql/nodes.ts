import type { EntityName, FilterQuery } from '@mikro-orm/core'
import type { Permission } from '../../contract/permissions.ts'
import { transactionOf } from '../service-context.ts'
import type { RequestContext } from './context.ts'

/**
 * The rows of these ids, in their order, in one query. What does not exist, belongs to somebody else or may not
 * be seen is null in all three cases.
 */
export async function loadVisible<Row extends { id: string }>(
  { services, actor }: RequestContext,
  permission: Permission,
  entity: EntityName<Row>,
  ids: readonly string[],
): Promise<(Row | null)[]> {
  const seen = ids.filter((id) => actor.maySee(permission, id))
  if (seen.length === 0) return ids.map(() => null)
  const rows = await transactionOf(services, actor, (em) =>
    em.find<Row>(entity, { id: { $in: seen } } as object as FilterQuery<Row>),
  )
  const byId = new Map<string, Row>(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}
