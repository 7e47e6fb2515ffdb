import type { Entity, EntityKey } from '../../contract/configuration/entities.ts'
import type { HeldBack } from '../../contract/configuration/held-back.ts'

/** What an entity alone may hold: two claimants of one name make a configuration ambiguous, so it is refused. */
export interface Claim {
  readonly name: string
  /** As the refusal names it. */
  readonly label: string
}

/** An entity's address, or the address of a provider config, which lives inside its virtual key. */
export type Address = EntityKey | `provider_config/${string}`

export function claimsOf(entity: Entity | HeldBack): readonly Claim[] {
  switch (entity.kind) {
    case 'virtual_key':
      return [
        ...entity.secretDigests.map(({ digest }) => ({ name: digest, label: 'secret digest' })),
        ...entity.providerConfigs.map(({ id }) => ({
          name: `provider_config/${id}`,
          label: `provider config ${id}`,
        })),
      ]
    case 'provider':
      return [{ name: `provider name/${entity.name}`, label: `provider name "${entity.name}"` }]
    case 'model':
      if ('heldBack' in entity) return []
      return [
        { name: `model name/${entity.providerId}/${entity.name}`, label: `model name "${entity.name}"` },
      ]
    case 'plugin':
      return [{ name: `plugin name/${entity.name}`, label: `plugin name "${entity.name}"` }]
    case 'token_issuer':
      return [{ name: `token issuer/${entity.issuer}`, label: `issuer "${entity.issuer}"` }]
    case 'token_holder':
      return entity.subjects.map((digest) => ({ name: `subject/${digest}`, label: 'name at an issuer' }))
    case 'organization':
    case 'client_configuration':
      return [{ name: `only/${entity.kind}`, label: `place of the only ${entity.kind}` }]
    default:
      return []
  }
}

/** What must exist for this entity to mean anything. */
export function referencesOf(entity: Entity): readonly Address[] {
  switch (entity.kind) {
    case 'business_unit':
      return [`customer/${entity.customerId}`]
    case 'team':
      return [...optional('customer', entity.customerId), ...optional('business_unit', entity.businessUnitId)]
    case 'user':
      return optional('team', entity.teamId)
    case 'virtual_key':
      return [
        `${entity.owner.kind}/${entity.owner.id}`,
        ...entity.providerConfigs.flatMap((config): Address[] => [
          `provider/${config.providerId}`,
          ...config.providerKeyIds.filter((id) => id !== '*').map((id): Address => `provider_key/${id}`),
        ]),
      ]
    case 'provider_key':
    case 'model':
      return [`provider/${entity.providerId}`]
    case 'budget':
    case 'request_limit':
      return [`${entity.owner.kind}/${entity.owner.id}`]
    default:
      return []
  }
}

/** Under which list this entity is found from the entity it belongs to; see `partsKey`. */
export function listOf(entity: Entity): string | undefined {
  switch (entity.kind) {
    case 'provider_key':
    case 'model':
      return partsKey(entity.kind, `provider/${entity.providerId}`)
    case 'budget':
    case 'request_limit':
      return partsKey(entity.kind, `${entity.owner.kind}/${entity.owner.id}`)
    case 'virtual_key':
      return entity.owner.kind === 'user' ? partsKey(entity.kind, `user/${entity.owner.id}`) : undefined
    case 'plugin':
    case 'provider':
    case 'data_plane':
      return partsKey(entity.kind, everything)
    default:
      return undefined
  }
}

export type PartKind =
  | 'provider_key'
  | 'model'
  | 'budget'
  | 'request_limit'
  | 'plugin'
  | 'provider'
  | 'data_plane'
  | 'virtual_key'

/** The whole of which plugins, providers and data planes are parts. */
export const everything = 'configuration'

/** Names the list of one whole's parts: the budgets of a team, the models of a provider. */
export function partsKey(kind: PartKind, whole: Address | typeof everything): string {
  return `${kind}@${whole}`
}

function optional(kind: 'customer' | 'business_unit' | 'team', id: string | null): readonly Address[] {
  return id === null ? [] : [`${kind}/${id}`]
}
