import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class DirectoryNotSetUp extends Refusal {
  constructor(name: string) {
    super(
      'DIRECTORY_NOT_SET_UP',
      `It is not known how the directory of "${name}" is asked: call setDirectory first`,
    )
  }
}

export class DirectorySyncUnderWay extends Refusal {
  constructor(id: string) {
    super('DIRECTORY_SYNC_UNDER_WAY', `The directory is being read by "${id}": wait until that has finished`)
  }
}

export class NothingToConfirm extends Refusal {
  constructor(id: string) {
    super(
      'NOTHING_TO_CONFIRM',
      `"${id}" is not the provider’s last run, or was not held back: look at directorySyncRuns for the one that was`,
    )
  }
}

refusalType(DirectoryNotSetUp, 'An identity provider’s directory is asked once it is known how.')
refusalType(DirectorySyncUnderWay, 'A directory is read once at a time.')
refusalType(NothingToConfirm, 'Only the run that was held back last can be confirmed.')
