import { Refusal } from '../../graphql/errors.ts'
import { refusalType } from '../../graphql/refusals.ts'

export class WindowTaken extends Refusal {
  constructor(windowSeconds: string) {
    super(
      'WINDOW_TAKEN',
      `This owner already has a request limit for ${windowSeconds} seconds: change it with updateRequestLimit`,
    )
  }
}

export class SeveralRequestLimits extends Refusal {
  constructor(ownerId: string) {
    super(
      'SEVERAL_REQUEST_LIMITS',
      `"${ownerId}" has several request limits: change one of them with updateRequestLimit, or add another with addRequestLimit`,
    )
  }
}

refusalType(
  WindowTaken,
  'The owner has a request limit for a window of the same length, and only the tighter one would ever count.',
)
refusalType(
  SeveralRequestLimits,
  'The owner has more than one request limit, so it is not clear which one is meant.',
)
