import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { requireMayGive } from '../roles/index.ts'
import type { IdentityProvider } from './entity.ts'

/** The roles that its rules give. */
export function rolesOf({
  roleRules,
  defaultRoleId,
}: Pick<IdentityProvider, 'roleRules' | 'defaultRoleId'>): string[] {
  const roleIds = roleRules.map(({ roleId }) => roleId)
  return [...new Set(defaultRoleId === null ? roleIds : [...roleIds, defaultRoleId])]
}

/**
 * Whoever decides by what somebody is known at the identity provider could be each of its people: they have every role that
 * it gives, and that its people have by now.
 *
 * @throws Forbidden, RightsExceeded
 */
export async function requireMaySpeakFor(
  em: EntityManager,
  actor: Actor,
  identityProvider: IdentityProvider,
): Promise<void> {
  const held = await em.execute<{ roleId: string }[]>(
    `select distinct role_id as "roleId" from role_assignments
     where org_id = ? and user_id in (select user_id from user_identities where org_id = ? and provider_id = ?)`,
    [actor.organizationId, actor.organizationId, identityProvider.id],
  )
  const roleIds = [...rolesOf(identityProvider), ...held.map(({ roleId }) => roleId)]
  await requireMayGive(em, actor, [...new Set(roleIds)])
}
