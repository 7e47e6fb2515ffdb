import type { GovernedLevel } from '../../contract/configuration/entities.ts'
import type { Actor } from '../actor.ts'
import type { PolicyOwner } from '../policy-owners.ts'
import { builder } from './builder.ts'
import { BadUserInput } from './errors.ts'

/** Names whoever a budget or a request limit is for. */
export const PolicyOwnerInput = builder.inputType('PolicyOwnerInput', {
  description: 'Whom a budget or a request limit governs: exactly one of them.',
  isOneOf: true,
  fields: (t) => ({
    organization: t.boolean({ description: '`true`: your organization, and so every call.' }),
    customerId: t.id({ description: 'A customer.' }),
    businessUnitId: t.id({ description: 'A business unit.' }),
    teamId: t.id({ description: 'A team.' }),
    userId: t.id({ description: 'A user.' }),
    virtualKeyId: t.id({ description: 'A virtual key.' }),
    providerConfigId: t.id({ description: 'A virtual key’s configuration for one provider.' }),
  }),
})

const levels = {
  customerId: 'customer',
  businessUnitId: 'business_unit',
  teamId: 'team',
  userId: 'user',
  virtualKeyId: 'virtual_key',
  providerConfigId: 'provider_config',
} as const satisfies Record<string, GovernedLevel>

type OwnerFields = { readonly [Field in keyof typeof levels]?: string | null | undefined } & {
  readonly organization?: boolean | null | undefined
}

/** @throws BadUserInput when the input names nobody. */
export function policyOwnerOf({ organizationId }: Actor, input: OwnerFields): PolicyOwner {
  if (input.organization === true) return { kind: 'organization', id: organizationId }
  for (const field of Object.keys(levels) as (keyof typeof levels)[]) {
    const id = input[field]
    if (id != null) return { kind: levels[field], id }
  }
  throw new BadUserInput('owner', 'names nobody: set organization to true, or one of the ids')
}
