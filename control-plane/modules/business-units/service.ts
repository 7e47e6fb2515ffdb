import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { InUse, NameTaken } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { deleteOwnedPolicies } from '../../owned-policies.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { CustomerEntity } from '../customers/index.ts'
import { type BusinessUnit, BusinessUnitEntity } from './entity.ts'
import { businessUnitSnapshot } from './snapshot.ts'

export interface CreateBusinessUnit {
  readonly customerId: string
  readonly name: string
}

/** Creates it in its customer's workspace. @throws NotFound, NameTaken */
export function createBusinessUnit(
  context: ServiceContext,
  actor: Actor,
  input: CreateBusinessUnit,
): Promise<BusinessUnit> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const { id: customerId, workspaceId } = await requireRow(em, CustomerEntity, 'customer', input.customerId)
    actor.require('business_units:create', { workspaceId })
    const businessUnit = em.create(BusinessUnitEntity, {
      id: newId('bu'),
      organizationId: actor.organizationId,
      workspaceId,
      customerId,
      name,
      createdAt: new Date(context.now()),
    })
    await recordChange(context, em, actor, describe('business_unit.created', businessUnit), {
      upserts: [businessUnitSnapshot(businessUnit)],
    })
    return businessUnit
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, NameTaken */
export function updateBusinessUnit(
  context: ServiceContext,
  actor: Actor,
  input: ExpectedVersion & { readonly id: string; readonly name: string },
): Promise<BusinessUnit> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const businessUnit = await lockRow(em, BusinessUnitEntity, 'business unit', input.id, input)
    actor.require('business_units:update', businessUnit)
    businessUnit.name = name
    await recordChange(context, em, actor, describe('business_unit.updated', businessUnit), {
      upserts: [businessUnitSnapshot(businessUnit)],
    })
    return businessUnit
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, InUse */
export function deleteBusinessUnit(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  const work = transactionOf(context, actor, async (em) => {
    const businessUnit = await lockRow(em, BusinessUnitEntity, 'business unit', id)
    actor.require('business_units:delete', businessUnit)
    const policies = await deleteOwnedPolicies(em, actor.organizationId, [{ kind: 'business_unit', id }])
    em.remove(businessUnit)
    await recordChange(context, em, actor, describe('business_unit.deleted', businessUnit), {
      upserts: [],
      removals: [...policies, keyOf(businessUnitSnapshot(businessUnit))],
    })
    return { id }
  })
  return refuseViolations({ referenced: () => new InUse('business unit', 'teams or members') }, work)
}

const nameTaken = (name: string) => ({
  unique: { business_units_name_key: () => new NameTaken('business unit', name) },
})

function describe(type: string, { id, workspaceId, customerId, name }: BusinessUnit) {
  return { type, subject: { kind: 'business_unit', id }, workspaceId, details: { name, customerId } }
}
