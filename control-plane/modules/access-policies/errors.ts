import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class TooManyAccessPolicies extends Refusal {
  constructor(limit: string) {
    super('TOO_MANY_ACCESS_POLICIES', `An organization has at most ${limit} access policies: delete one`)
  }
}

export class PolicyLockout extends Refusal {
  constructor(name: string) {
    super(
      'POLICY_LOCKOUT',
      `With "${name}" nobody would be left who is sure to be able to change access policies: leave "access_policies:update" out of it, or somebody who may, or meet its condition yourself`,
    )
  }
}

refusalType(TooManyAccessPolicies, 'The organization has as many access policies as it can have.')
refusalType(PolicyLockout, 'A policy is made by somebody who could undo it.')
