import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class SecretTaken extends Refusal {
  constructor() {
    super(
      'SECRET_TAKEN',
      'Another virtual key of your organization already has this secret: import a different one',
    )
  }
}

export class KeyRevoked extends Refusal {
  constructor(id: string) {
    super('KEY_REVOKED', `The virtual key "${id}" is revoked for good: issue a new one`)
  }
}

export class ProfileManaged extends Refusal {
  constructor(what: string) {
    super(
      'PROFILE_MANAGED',
      `${what}: the access profile that the key follows decides. Change the profile, or let the key leave it`,
    )
  }
}

refusalType(SecretTaken, 'The imported secret is in use.')
refusalType(KeyRevoked, 'A revoked key cannot be changed or rotated.')
refusalType(ProfileManaged, 'The access profile that the key follows decides this.')
