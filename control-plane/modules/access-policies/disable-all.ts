import { systemActor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { Database } from '../../db/database.ts'
import { AccessPolicyEntity } from './entity.ts'
import { describe, detailsOf } from './service.ts'

/**
 * Disables every access policy of an organization, for whoever is locked out and has the database. What policies say stays,
 * and each can be enabled again.
 *
 * @returns their names
 */
export function disableAccessPolicies(database: Database, organizationId: string): Promise<string[]> {
  const actor = systemActor(organizationId)
  return database.transaction(organizationId, async (em) => {
    const policies = await em.find(AccessPolicyEntity, { enabled: true }, { orderBy: { id: 'asc' } })
    for (const policy of policies) {
      const before = detailsOf(policy)
      policy.enabled = false
      await recordChange({ now: Date.now }, em, actor, describe(policy, before))
    }
    return policies.map(({ name }) => name)
  })
}
