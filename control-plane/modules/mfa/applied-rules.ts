import { type Permission, permissionsNamedBy } from '../../../contract/permissions.ts'
import type { AppliedRule } from '../../assurance.ts'
import type { MfaRule } from './entity.ts'

/** A role that somebody has, with all that it inherits from, and what it gives. */
export interface RoleInUse {
  readonly roleIds: readonly string[]
  readonly permissions: ReadonlySet<Permission>
}

/**
 * The rules as they concern somebody with these roles. A rule about a role is about what that role gives, and the roles
 * that inherit from it: whoever could make an heir of it would otherwise have a way around. A pattern stands for what the
 * catalogue holds by now, so that a later release's permission is asked a proof for too.
 */
export function appliedRules(
  rules: readonly MfaRule[],
  rolesInUse: () => readonly RoleInUse[],
): AppliedRule[] {
  const roles = rules.some(({ roleIds }) => roleIds.length > 0) ? rolesInUse() : []
  return rules.map(({ permissions, roleIds, exemptsTokens, acrValues, amr, maxAgeSeconds }) => ({
    permissions: new Set([
      ...permissions.flatMap(permissionsNamedBy),
      ...roles
        .filter((role) => role.roleIds.some((id) => roleIds.includes(id)))
        .flatMap((role) => [...role.permissions]),
    ]),
    requirement: { acrValues, amr, maxAgeSeconds },
    exemptsTokens,
  }))
}
