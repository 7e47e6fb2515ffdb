import {
  createBusinessUnit,
  deleteBusinessUnit,
  updateBusinessUnit,
} from '../../../control-plane/modules/business-units/service.ts'
import {
  createCustomer,
  deleteCustomer,
  updateCustomer,
} from '../../../control-plane/modules/customers/service.ts'
import { updateOrganization } from '../../../control-plane/modules/organizations/service.ts'
import { createTeam, deleteTeam, updateTeam } from '../../../control-plane/modules/teams/service.ts'
import { setUserAccess } from '../../../control-plane/modules/users/access.ts'
import { createUser, deleteUser, updateUser } from '../../../control-plane/modules/users/service.ts'
import { createWorkspace, deleteWorkspace } from '../../../control-plane/modules/workspaces/service.ts'
import { created, nameOf, type Perform, type Tenant } from './tenant.ts'

export const hierarchyMutations: Record<string, Perform> = {
  updateOrganization: ({ context, actor }, [a]) => updateOrganization(context, actor, { name: nameOf(a) }),
  createWorkspace: (t, [a]) =>
    created(t, 'workspace', createWorkspace(t.context, t.actor, { name: nameOf(a) })),
  deleteWorkspace: (t, [a]) => deleteWorkspace(t.context, t.actor, t.pick('workspace', a)),
  createCustomer: (t, [a, b]) =>
    created(
      t,
      'customer',
      createCustomer(t.context, t.actor, { workspaceId: t.pick('workspace', b), name: nameOf(a) }),
    ),
  updateCustomer: (t, [a, b]) =>
    updateCustomer(t.context, t.actor, { id: t.pick('customer', b), name: nameOf(a) }),
  deleteCustomer: (t, [a]) => deleteCustomer(t.context, t.actor, t.pick('customer', a)),
  createBusinessUnit: (t, [a, b]) =>
    created(
      t,
      'business_unit',
      createBusinessUnit(t.context, t.actor, { customerId: t.pick('customer', b), name: nameOf(a) }),
    ),
  updateBusinessUnit: (t, [a, b]) =>
    updateBusinessUnit(t.context, t.actor, { id: t.pick('business_unit', b), name: nameOf(a) }),
  deleteBusinessUnit: (t, [a]) => deleteBusinessUnit(t.context, t.actor, t.pick('business_unit', a)),
  createTeam: (t, [a, b, c, d]) =>
    created(
      t,
      'team',
      createTeam(t.context, t.actor, {
        workspaceId: t.pick('workspace', d),
        name: nameOf(a),
        ...placement(t, b, c),
      }),
    ),
  renameTeam: (t, [a, b]) => updateTeam(t.context, t.actor, { id: t.pick('team', b), name: nameOf(a) }),
  moveTeam: (t, [a, b, c]) =>
    updateTeam(t.context, t.actor, { id: t.pick('team', a), ...placement(t, b, c) }),
  deleteTeam: (t, [a]) => deleteTeam(t.context, t.actor, t.pick('team', a)),
  createUser: (t, [a, b, c]) =>
    created(
      t,
      'user',
      createUser(t.context, t.actor, { name: nameOf(a), teamId: b % 2 ? t.pick('team', c) : null }),
    ),
  moveUser: (t, [a, b, c]) =>
    updateUser(t.context, t.actor, { id: t.pick('user', a), teamId: b % 2 ? t.pick('team', c) : null }),
  switchUser: (t, [a, b]) => updateUser(t.context, t.actor, { id: t.pick('user', a), active: b % 2 === 0 }),
  restrictUser: (t, [a, b]) =>
    setUserAccess(t.context, t.actor, { userId: t.pick('user', a), deniedModels: b % 2 ? ['gpt-4o'] : [] }),
  deleteUser: (t, [a]) => deleteUser(t.context, t.actor, t.pick('user', a)),
}

function placement(tenant: Tenant, pick: number, which: number) {
  if (pick % 3 === 0) return { customerId: tenant.pick('customer', which) }
  if (pick % 3 === 1) return { businessUnitId: tenant.pick('business_unit', which) }
  return { customerId: null }
}
