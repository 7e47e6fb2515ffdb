import type { EntityManager } from '@mikro-orm/postgresql'
import { requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { CustomerEntity } from '../customers/index.ts'

export interface Placement {
  readonly customerId: string | null
  readonly businessUnitId: string | null
}

/**
 * Where a team of this workspace stands: below a business unit and so its customer, below a customer, or below
 * neither.
 *
 * @throws NotFound when the parent is not in this workspace; BadUserInput when the two contradict each other.
 */
export async function placeTeam(
  em: EntityManager,
  workspaceId: string,
  wanted: {
    readonly customerId?: string | null | undefined
    readonly businessUnitId?: string | null | undefined
  },
): Promise<Placement> {
  if (wanted.businessUnitId != null) {
    const businessUnit = await requireRow(em, BusinessUnitEntity, 'business unit', wanted.businessUnitId)
    if (businessUnit.workspaceId !== workspaceId) throw new NotFound('business unit', businessUnit.id)
    if (wanted.customerId != null && wanted.customerId !== businessUnit.customerId) {
      throw new BadUserInput('customerId', 'is not the customer of this business unit; leave it out')
    }
    return { customerId: businessUnit.customerId, businessUnitId: businessUnit.id }
  }
  if (wanted.customerId == null) return { customerId: null, businessUnitId: null }
  const customer = await requireRow(em, CustomerEntity, 'customer', wanted.customerId)
  if (customer.workspaceId !== workspaceId) throw new NotFound('customer', customer.id)
  return { customerId: customer.id, businessUnitId: null }
}
