import type { EntityManager } from '@mikro-orm/postgresql'

/**
 * Somebody switches users off, whose rows are locked: it is theirs to switch them on again, and no directory's, though one
 * switched them off before.
 */
export async function leaveSwitchedOff(
  em: EntityManager,
  organizationId: string,
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return
  await em.flush()
  // Locked in this order by everybody.
  await em.execute(
    `with held as (
       select id from user_identities where org_id = ? and user_id in (select jsonb_array_elements_text(?::jsonb))
       order by id for update)
     update user_identities identity set decommissioned_at = null from held
     where identity.id = held.id and identity.decommissioned_at is not null`,
    [organizationId, JSON.stringify(userIds)],
  )
}
