import { Refusal } from './errors.ts'

export class IdempotencyKeyReused extends Refusal {
  constructor(key: string, use: string) {
    super('IDEMPOTENCY_KEY_REUSED', `You used the idempotency key "${key}" ${use}`)
  }
}

export class AlreadyIssued extends Refusal {
  readonly id: string

  constructor(id: string) {
    super(
      'ALREADY_ISSUED',
      `Your first request with this idempotency key issued ${id}; its secret was shown then and is shown no more`,
    )
    this.id = id
  }
}

export class StaleUpdate extends Refusal {
  constructor(what: string, id: string, expected: string, present: string) {
    super(
      'STALE_UPDATE',
      `The ${what} "${id}" is at version ${present} and not ${expected}: somebody changed it since you read it. Read it again`,
    )
  }
}
