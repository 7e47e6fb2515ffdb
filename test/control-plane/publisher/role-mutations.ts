import { updateClientConfiguration } from '../../../control-plane/modules/client-configuration/service.ts'
import { rollBackConfiguration } from '../../../control-plane/modules/configuration/roll-back.ts'
import {
  assignRole,
  assignRoles,
  removeRoleAssignment,
} from '../../../control-plane/modules/roles/assignments.ts'
import { createRole, deleteRole, updateRole } from '../../../control-plane/modules/roles/service.ts'
import { readVersion } from '../../../control-plane/publisher/revisions.ts'
import { created, nameOf, type Perform, type Tenant } from './tenant.ts'

const given = [['inference:*'], ['inference:images', 'teams:view'], ['teams:view'], []]

const systemRoles = ['role_developer', 'role_viewer'] as const

function roleOf(tenant: Tenant, pick: number): string {
  return systemRoles[pick % 4] ?? tenant.pick('role', pick)
}

function termsOf(tenant: Tenant, [, b, c, d]: readonly [number, number, number, number]) {
  return {
    permissions: given[b % 4] ?? [],
    inheritedRoleIds: c % 3 === 0 ? [roleOf(tenant, d)] : [],
    workspaceIds: d % 3 === 0 ? [tenant.pick('workspace', b)] : null,
  }
}

/** Of two that are the same in the end, data planes would hear the first alone. */
const endOf = ({ context }: Tenant, pick: number) =>
  pick % 3 === 0 ? new Date(context.now() + (pick + 1) * 3_600_000) : null

export const roleMutations: Record<string, Perform> = {
  createRole: (t, picks) =>
    created(t, 'role', createRole(t.context, t.actor, { name: nameOf(picks[0]), ...termsOf(t, picks) })),
  updateRole: (t, picks) =>
    updateRole(t.context, t.actor, { id: t.pick('role', picks[0]), ...termsOf(t, picks) }),
  updateSystemRole: (t, [a, b]) =>
    updateRole(t.context, t.actor, {
      id: systemRoles[a % 2] ?? '',
      permissions: ['teams:view', ...(b % 2 ? ['inference:chat'] : [])],
    }),
  deleteRole: (t, [a]) => deleteRole(t.context, t.actor, t.pick('role', a)),
  assignRole: (t, [a, b, c, d]) =>
    created(
      t,
      'role_assignment',
      assignRole(t.context, t.actor, {
        userId: t.pick('user', a),
        roleId: roleOf(t, b),
        objectId: c % 4 === 3 ? t.pick('team', d) : null,
        expiresAt: endOf(t, c),
      }),
    ),
  assignRoles: (t, [a, b, c]) =>
    t.context.database.transaction(t.organizationId, (em) =>
      assignRoles(t.context, em, t.actor, [
        { userId: t.pick('user', a), roleId: roleOf(t, b), expiresAt: endOf(t, c) },
        { userId: t.pick('user', a + 1), roleId: roleOf(t, c) },
      ]),
    ),
  removeRoleAssignment: (t, [a]) => removeRoleAssignment(t.context, t.actor, t.pick('role_assignment', a)),
  governByRoles: (t, [a]) =>
    updateClientConfiguration(t.context, t.actor, { rolesGovernInference: a % 3 > 0 }),
}

/** To one of the revisions before, whatever cannot come back. */
export async function rollBack({ context, actor, organizationId }: Tenant, pick: number): Promise<void> {
  const head = await context.database.transaction(organizationId, (em) => readVersion(em, organizationId))
  await rollBackConfiguration(context, actor, {
    revision: (head?.revision ?? 0) - pick - 1,
    skipUnrestorable: true,
  })
}
