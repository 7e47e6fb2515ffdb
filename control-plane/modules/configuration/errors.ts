import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class CannotRestore extends Refusal {
  constructor(revision: string, reasons: string) {
    super(
      'CANNOT_RESTORE',
      `Revision ${revision} cannot be restored whole: ${reasons}. Nothing was changed; ask with skipUnrestorable to leave these as they are`,
    )
  }
}

export class ChangedMeanwhile extends Refusal {
  constructor(revision: string) {
    super(
      'CHANGED_MEANWHILE',
      `Somebody changed the configuration at the same time, to revision ${revision}: look and ask again`,
    )
  }
}

export class RevisionNotKept extends Refusal {
  constructor(revision: string, oldest: string) {
    super(
      'REVISION_NOT_KEPT',
      `Revision ${revision} is not kept any more: the history begins with revision ${oldest} (CONFIGURATION_HISTORY_DAYS). Nothing was changed; name that one or a later one`,
    )
  }
}

refusalType(CannotRestore, 'Some things of the earlier revision are gone for good, such as secrets.')
refusalType(ChangedMeanwhile, 'Another change was faster; nothing was rolled back.')
refusalType(RevisionNotKept, 'The history begins later; nothing was rolled back.')
