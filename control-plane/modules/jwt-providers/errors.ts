import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class IssuerTaken extends Refusal {
  constructor(issuer: string) {
    super(
      'ISSUER_TAKEN',
      `Another JWT provider has the issuer "${issuer}": change that one, or delete it first`,
    )
  }
}

export class JwtProviderHasNoKeys extends Refusal {
  constructor(name: string) {
    super(
      'JWT_PROVIDER_HAS_NO_KEYS',
      `"${name}" has no key that is fresh: call refreshJwtProviderKeys, and mend what its keysProblem names`,
    )
  }
}

export class JwtProviderHasNoUrl extends Refusal {
  constructor(name: string) {
    super(
      'JWT_PROVIDER_HAS_NO_URL',
      `"${name}" has no jwksUrl: its keys or its secret were given, and others are given with updateJwtProvider`,
    )
  }
}

refusalType(IssuerTaken, 'An issuer is one JWT provider.')
refusalType(JwtProviderHasNoKeys, 'A JWT provider is enabled once its tokens can be verified.')
refusalType(JwtProviderHasNoUrl, 'Keys are fetched from where they are said to be.')
