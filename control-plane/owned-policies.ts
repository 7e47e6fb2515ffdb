import type { EntityManager } from '@mikro-orm/postgresql'
import type { EntityKey } from '../contract/configuration/entities.ts'
import { lockPolicyOwners, type PolicyOwner } from './policy-owners.ts'

/**
 * Deletes the budgets and request limits of owners that are about to be deleted themselves. What was spent stays
 * in the usage records.
 *
 * @returns what data planes have to drop.
 */
export async function deleteOwnedPolicies(
  em: EntityManager,
  organizationId: string,
  owners: readonly PolicyOwner[],
): Promise<EntityKey[]> {
  if (owners.length === 0) return []
  await lockPolicyOwners(em, organizationId, owners)
  const parameters = [organizationId, JSON.stringify(owners)]
  const condition = `where org_id = ? and (owner_kind, owner_id) in (
    select owner->>'kind', owner->>'id' from jsonb_array_elements(?::jsonb) owner)`
  const budgets = await em.execute<{ id: string }[]>(
    `delete from budgets ${condition} returning id`,
    parameters,
  )
  const limits = await em.execute<{ id: string }[]>(
    `delete from request_limits ${condition} returning id`,
    parameters,
  )
  return [
    ...budgets.map(({ id }): EntityKey => `budget/${id}`),
    ...limits.map(({ id }): EntityKey => `request_limit/${id}`),
  ]
}
