import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class MfaLocksOut extends Refusal {
  constructor(what: string) {
    super(
      'MFA_LOCKS_OUT',
      `You would not pass ${what} yourself: prove as much first, by GET /auth/step-up with its acr_values, amr and max_age`,
    )
  }
}

refusalType(MfaLocksOut, 'Nobody asks others for a proof that they do not have themselves.')
