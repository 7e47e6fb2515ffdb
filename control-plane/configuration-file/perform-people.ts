import type { Json } from '../../contract/canonical.ts'
import type { Actor } from '../actor.ts'
import { createBusinessUnit, deleteBusinessUnit } from '../modules/business-units/service.ts'
import { createCustomer, deleteCustomer } from '../modules/customers/service.ts'
import { createTeam, deleteTeam, updateTeam } from '../modules/teams/service.ts'
import { setUserAccess } from '../modules/users/access.ts'
import { createUser, deleteUser, updateUser } from '../modules/users/service.ts'
import type { ServiceContext } from '../service-context.ts'
import type { ItemName } from './items.ts'
import type { NamedIds } from './names.ts'
import type { Changed, Performer } from './perform.ts'
import { accessInput } from './user-access.ts'

/** What is its name alone has nothing that could be changed. */
const nothing = async () => undefined

const customer: Performer = {
  async create({ context, actor, ids }, { name: [workspace, name = ''] }) {
    return (await createCustomer(context, actor, { workspaceId: ids.workspace(workspace), name })).id
  },
  update: nothing,
  delete: ({ context, actor }, { id }) => deleteCustomer(context, actor, id),
}

const business_unit: Performer = {
  async create({ context, actor, ids }, { name: [workspace = '', customerName = '', name = ''] }) {
    const customerId = ids.of('customer', [workspace, customerName])
    return (await createBusinessUnit(context, actor, { customerId, name })).id
  },
  update: nothing,
  delete: ({ context, actor }, { id }) => deleteBusinessUnit(context, actor, id),
}

const team: Performer = {
  async create({ context, actor, ids }, { name: [workspace = '', name = ''], fields }) {
    const place = placeOf(ids, workspace, fields)
    return (await createTeam(context, actor, { workspaceId: ids.workspace(workspace), name, ...place })).id
  },
  update: ({ context, actor, ids }, { id, name: [workspace = ''], fields }, item) =>
    updateTeam(context, actor, {
      id,
      ...placeOf(ids, workspace, { ...fields, ...placeSaidBy(item.fields) }),
    }),
  delete: ({ context, actor }, { id }) => deleteTeam(context, actor, id),
}

/** A team that moves to another customer leaves its business unit, unless the file names one. */
function placeSaidBy(fields: Changed): Changed {
  return fields.customer === undefined ? fields : { businessUnit: null, ...fields }
}

function placeOf(ids: NamedIds, workspace: string, { customer, businessUnit }: Changed) {
  const customerName = typeof customer === 'string' ? [workspace, customer] : null
  return {
    customerId: customerName && ids.of('customer', customerName),
    businessUnitId:
      customerName && typeof businessUnit === 'string'
        ? ids.of('business_unit', [...customerName, businessUnit])
        : null,
  }
}

const user: Performer = {
  async create({ context, actor, ids }, { fields }) {
    const { name, email, team, active } = fields
    const input = { name: String(name), email: textOf(email) ?? null, teamId: teamIdOf(ids, team) ?? null }
    const { id } = await createUser(context, actor, input)
    if (active === false) await updateUser(context, actor, { id, active })
    await restrict(context, actor, id, fields)
    return id
  },
  async update({ context, actor, ids }, { id }, _item, changed) {
    const { name, team, active, ...lists } = changed
    if (name !== undefined || team !== undefined || active !== undefined) {
      await updateUser(context, actor, {
        id,
        name: textOf(name),
        teamId: teamIdOf(ids, team),
        ...(typeof active === 'boolean' && { active }),
      })
    }
    await restrict(context, actor, id, lists)
  },
  delete: ({ context, actor }, { id }) => deleteUser(context, actor, id),
}

async function restrict(context: ServiceContext, actor: Actor, userId: string, fields: Changed) {
  const access = accessInput(fields)
  if (access) await setUserAccess(context, actor, { userId, ...access })
}

export const performPeople = { customer, business_unit, team, user }

/** Undefined leaves the team, null leaves none. */
function teamIdOf(ids: NamedIds, team: Json | undefined): string | null | undefined {
  if (team === undefined || team === null) return team
  const { workspace, name } = team as { readonly workspace: string; readonly name: string }
  return ids.of('team', [workspace, name] satisfies ItemName)
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
