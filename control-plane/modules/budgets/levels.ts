import type { EntityManager } from '@mikro-orm/postgresql'
import type { GovernedLevel } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import type { PolicyOwner } from '../../policy-owners.ts'
import { BusinessUnitEntity } from '../business-units/index.ts'
import { CustomerEntity } from '../customers/index.ts'
import { TeamEntity } from '../teams/index.ts'
import { UserEntity } from '../users/index.ts'
import { ProviderConfigEntity, VirtualKeyEntity } from '../virtual-keys/index.ts'

/** Whoever stands directly above an owner; null: the organization alone; undefined: there is no such owner. */
type FindAbove = (em: EntityManager, id: string) => Promise<PolicyOwner | null | undefined>

const above: Readonly<Record<Exclude<GovernedLevel, 'organization'>, FindAbove>> = {
  customer: async (em, id) => ((await em.findOne(CustomerEntity, { id })) ? null : undefined),
  business_unit: async (em, id) => {
    const unit = await em.findOne(BusinessUnitEntity, { id })
    return unit ? { kind: 'customer', id: unit.customerId } : undefined
  },
  team: async (em, id) => {
    const team = await em.findOne(TeamEntity, { id })
    return team ? firstOf({ business_unit: team.businessUnitId, customer: team.customerId }) : undefined
  },
  user: async (em, id) => {
    const user = await em.findOne(UserEntity, { id })
    return user ? firstOf({ team: user.teamId }) : undefined
  },
  virtual_key: async (em, id) => {
    const key = await em.findOne(VirtualKeyEntity, { id })
    return key ? firstOf({ user: key.userId, team: key.teamId, customer: key.customerId }) : undefined
  },
  provider_config: async (em, id) => {
    const config = await em.findOne(ProviderConfigEntity, { id })
    return config ? { kind: 'virtual_key', id: config.virtualKeyId } : undefined
  },
}

/**
 * The levels that a call of this owner is charged to, from the organization down to the owner itself, as far as the actor
 * may see them; undefined when they may not see the owner.
 */
export async function levelsOf(
  em: EntityManager,
  { organizationId }: Actor,
  owner: PolicyOwner,
): Promise<readonly PolicyOwner[] | undefined> {
  const organization: PolicyOwner = { kind: 'organization', id: organizationId }
  const levels: PolicyOwner[] = []
  let next: PolicyOwner | null = owner
  while (next && next.kind !== 'organization') {
    const found: PolicyOwner | null | undefined = await above[next.kind](em, next.id)
    if (found === undefined) break
    levels.unshift(next)
    next = found
  }
  if (levels.length === 0 && owner.kind !== 'organization') return undefined
  return [organization, ...levels]
}

function firstOf(ids: { readonly [Kind in GovernedLevel]?: string | null }): PolicyOwner | null {
  for (const [kind, id] of Object.entries(ids)) if (id) return { kind: kind as GovernedLevel, id }
  return null
}
