import type { CredentialKind } from '../../../contract/credential-kinds.ts'
import { pluralOf, waysInBy } from '../../accepted-credentials.ts'
import { Refusal } from '../../graphql/errors.ts'
import type { ClientConfigurationChange } from './change-entity.ts'

/** The change waits for a second person. */
export class ApprovalRequired extends Refusal {
  readonly change: ClientConfigurationChange

  constructor(change: ClientConfigurationChange) {
    super(
      'APPROVAL_REQUIRED',
      `${reasonOf(change)}. It waits as "${change.id}" until ${change.expiresAt.toISOString()}: somebody else has to approve it`,
    )
    this.change = change
  }

  /** Why, without the change that waits: for whoever takes that back. */
  get reason(): string {
    return reasonOf(this.change)
  }
}

/** Whoever makes the change could not get in any more as they have. */
export class CredentialLockout extends Refusal {
  constructor(kind: CredentialKind, accepted: readonly CredentialKind[]) {
    super(
      'CREDENTIAL_LOCKOUT',
      `You act by one of the ${pluralOf(kind)}, which would not be accepted any more. First ${waysInBy(accepted)}, and make the change so`,
    )
  }
}

function reasonOf({ widens }: ClientConfigurationChange): string {
  return `This needs a second person, for ${widens.join('; ')}`
}
