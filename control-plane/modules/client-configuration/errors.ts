import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'
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

function reasonOf({ widens }: ClientConfigurationChange): string {
  return `This needs a second person, for ${widens.join('; ')}`
}

export class SecondPersonRequired extends Refusal {
  constructor(id: string) {
    super(
      'SECOND_PERSON_REQUIRED',
      `You asked for the change "${id}" yourself, with this token, another of yours or one that you issued: somebody else has to approve it`,
    )
  }
}

export class ChangeNotPending extends Refusal {
  constructor(id: string, status: string) {
    super('CHANGE_NOT_PENDING', `The change "${id}" is ${status} and waits no more: ask for it again`)
  }
}

export class TooManyPendingChanges extends Refusal {
  constructor(limit: string) {
    super('TOO_MANY_PENDING_CHANGES', `${limit} changes wait already: approve or reject one of them first`)
  }
}

refusalType(SecondPersonRequired, 'Whoever asked for a change cannot approve it.')
refusalType(ChangeNotPending, 'The change was decided, has expired, or another one came first.')
refusalType(TooManyPendingChanges, 'As many changes wait as may wait at once.')
