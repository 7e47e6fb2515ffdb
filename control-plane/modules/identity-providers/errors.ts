import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class IdentityProviderNotVerified extends Refusal {
  constructor(name: string) {
    super(
      'IDP_NOT_VERIFIED',
      `"${name}" was not verified with its present settings: call verifyIdentityProvider, and mend what it finds`,
    )
  }
}

export class IdentityProviderEnabled extends Refusal {
  constructor(name: string) {
    super('IDP_ENABLED', `People sign in at "${name}": disable it first`)
  }
}

refusalType(IdentityProviderNotVerified, 'Only a provider that was found to work is enabled.')
refusalType(IdentityProviderEnabled, 'What people sign in by is not taken away under their feet.')
