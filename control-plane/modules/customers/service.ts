import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { changeConfiguration } from '../../publisher/revision.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type Customer, CustomerEntity } from './entity.ts'
import { customerSnapshot } from './snapshot.ts'

export interface CreateCustomer {
  readonly workspaceId: string
  readonly name: string
}

/** @throws NotFound, NameTaken */
export function createCustomer(context: ServiceContext, actor: Actor, input: CreateCustomer): Promise<Customer> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const { id: workspaceId } = await requireWorkspace(em, actor, input.workspaceId)
    actor.require('customers:create', { workspaceId })
    const customer = em.create(CustomerEntity, {
      id: newId('cus'),
      organizationId: actor.organizationId,
      workspaceId,
      name,
      createdAt: new Date(context.now()),
    })
    await em.flush()
    await recordAudit(em, actor, { type: 'customer.created', subject: { kind: 'customer', id: customer.id }, workspaceId, details: { name } })
    await changeConfiguration(em, actor.organizationId, { upserts: [customerSnapshot(customer)] })
    return customer
  })
  return refuseViolations({ unique: { customers_name_key: () => new NameTaken('customer', name) } }, work)
}
