import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'
import { TooManyPendingChanges } from '../../graphql/second-person.ts'
import type { AccessChange } from './entity.ts'

/** Where a change cannot wait: it is done by this, together with others, or not at all. */
export class AccessChangesNeedApproval extends Refusal {
  constructor() {
    super(
      'ACCESS_CHANGES_NEED_APPROVAL',
      'Your organization has a second person approve changes of roles and identity providers: leave them out here, and ask for each with its own mutation',
    )
  }
}

/** The change waits for a second person. */
export class AccessApprovalRequired extends Refusal {
  readonly change: AccessChange

  constructor(change: AccessChange) {
    super(
      'APPROVAL_REQUIRED',
      `Nothing is changed yet: the change "${change.id}" waits until somebody else approves it, until ${change.expiresAt.toISOString()} at the latest`,
    )
    this.change = change
  }
}

export class SignInRequired extends Refusal {
  constructor() {
    super(
      'SIGN_IN_REQUIRED',
      'Such a change needs two people, and nobody knows which person holds a token or a local password: sign in at an identity provider',
    )
  }
}

export class TooFewApprovers extends Refusal {
  constructor(found: string) {
    super(
      'TOO_FEW_APPROVERS',
      `Two people have to be able to approve, and ${found} can: at least two active users who sign in at an enabled identity provider need "access_changes:approve" by a role that does not end`,
    )
  }
}

refusalType(AccessChangesNeedApproval, 'A change of roles or identity providers cannot wait where it is.')
refusalType(SignInRequired, 'Whoever asks for or approves a change has to be known as a person.')
refusalType(TooFewApprovers, 'Nobody would be left to approve what one of them asks for.')

/** What becomes of a mutation that needs a second person; AccessApprovalRequired is described in types.ts. */
export const approvalRefusals = [AccessApprovalRequired, SignInRequired, TooManyPendingChanges]
