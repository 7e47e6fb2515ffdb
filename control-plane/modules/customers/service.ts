import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type Customer, CustomerEntity } from './entity.ts'
import { customerSnapshot } from './snapshot.ts'

export interface CreateCustomer {
  readonly workspaceId: string
  readonly name: string
}

/** @throws NotFound, NameTaken */
export function createCustomer(
  context: ServiceContext,
  actor: Actor,
  input: CreateCustomer,
): Promise<Customer> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const workspace = await requireWorkspace(em, actor, 'customers:create', input.workspaceId)
    const customer = em.create(CustomerEntity, {
      id: newId('cus'),
      organizationId: actor.organizationId,
      workspaceId: workspace.id,
      name,
      createdAt: new Date(context.now()),
    })
    await recordChange(context, em, actor, describe('customer.created', customer), {
      upserts: [customerSnapshot(customer)],
    })
    return customer
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, NameTaken */
export function updateCustomer(
  context: ServiceContext,
  actor: Actor,
  input: ExpectedVersion & { readonly id: string; readonly name: string },
): Promise<Customer> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const customer = await lockRow(em, CustomerEntity, 'customer', input.id, input)
    actor.require('customers:update', customer)
    customer.name = name
    await recordChange(context, em, actor, describe('customer.updated', customer), {
      upserts: [customerSnapshot(customer)],
    })
    return customer
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, InUse */
export function deleteCustomer(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  const work = transactionOf(context, actor, async (em) => {
    const customer = await lockRow(em, CustomerEntity, 'customer', id)
    actor.require('customers:delete', customer)
    const policies = await deleteOwnedPolicies(em, actor.organizationId, [{ kind: 'customer', id }])
    em.remove(customer)
    await recordChange(context, em, actor, describe('customer.deleted', customer), {
      upserts: [],
      removals: [...policies, keyOf(customerSnapshot(customer))],
    })
    return { id }
  })
  return refuseViolations(
    { referenced: () => new InUse('customer', 'business units, teams or virtual keys') },
    work,
  )
}

const nameTaken = (name: string) => ({
  unique: { customers_name_key: () => new NameTaken('customer', name) },
})

function describe(type: string, { id, workspaceId, name }: Customer) {
  return { type, subject: { kind: 'customer', id }, workspaceId, details: { name } }
}
