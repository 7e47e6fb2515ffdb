import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class MembershipManaged extends Refusal {
  constructor(userId: string, reason: string) {
    super('MEMBERSHIP_MANAGED', `The user "${userId}" is a member because ${reason}`)
  }
}

refusalType(MembershipManaged, 'The user is a member for another reason than that somebody added them.')
