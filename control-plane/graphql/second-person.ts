import { Refusal } from './errors.ts'
import { refusalType } from './refusals.ts'

export class SecondPersonRequired extends Refusal {
  constructor(id: string) {
    super(
      'SECOND_PERSON_REQUIRED',
      `You asked for the change "${id}" yourself, with this token, another of yours or one that you issued: somebody else has to approve it. A token that you issued for them they rotate first ("rotateApiToken"), so that you do not know it`,
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
