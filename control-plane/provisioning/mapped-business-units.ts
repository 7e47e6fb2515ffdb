import type { EntityManager } from '@mikro-orm/postgresql'
import { BusinessUnitEntity } from '../modules/business-units/index.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import { addToBusinessUnits } from '../modules/memberships/sync.ts'
import {
  type KnownBusinessUnits,
  knownBusinessUnits,
  mapBusinessUnits,
} from '../sign-in/business-unit-mapping.ts'
import type { KnownPerson, Provisioning } from './provision-user.ts'

/**
 * Makes each a member of the business units that the provider's claims name, of those that there are. It ends no
 * membership: where somebody belongs in the company outlasts a claim, and whoever may says otherwise. [X0-09]
 */
export async function giveBusinessUnits(
  { context, em, actor, provider }: Provisioning,
  people: readonly KnownPerson[],
): Promise<void> {
  if (people.length === 0) return
  const known = await readBusinessUnits(em, provider)
  const told = people.flatMap(({ identity: { userId }, claims }) => {
    const { ids, unknown } = mapBusinessUnits(claims, provider.businessUnitRules, known)
    if (unknown.length > 0) {
      const named = { providerId: provider.id, userId, leftOut: unknown.length }
      context.log.warn(named, 'claims name no business unit that there is')
    }
    return ids.map((businessUnitId) => ({ userId, businessUnitId }))
  })
  await addToBusinessUnits(context, em, actor, 'idp', told)
}

/** Those that a provider's rules can name. */
export async function readBusinessUnits(
  em: EntityManager,
  { businessUnitRules }: IdentityProvider,
): Promise<KnownBusinessUnits> {
  if (businessUnitRules.length === 0) return new Map()
  const ids = businessUnitRules.flatMap(({ businessUnitId }) => businessUnitId ?? [])
  const customerIds = businessUnitRules.flatMap(({ customerId }) => customerId ?? [])
  const named = { $or: [{ id: { $in: ids } }, { customerId: { $in: customerIds } }] }
  // The oldest last, which is the one that is meant.
  return knownBusinessUnits(await em.find(BusinessUnitEntity, named, { orderBy: { id: 'desc' } }))
}
