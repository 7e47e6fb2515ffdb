import { type ErrorCode, type ErrorDetails, errorTable } from '../../contract/errors.ts'

export type { ErrorCode, ErrorDetails }

const brand = Symbol.for('gatehouse.denied')

/**
 * The one way to refuse a call. Its code decides the HTTP status (contract/errors.ts), its message is shown to the
 * caller. Anything else that a plugin throws is a bug: the call is refused with 500 and nothing leaves.
 */
export class Denied extends Error {
  /** A plugin may come with its own copy of the SDK; what it throws is a refusal all the same. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }

  override readonly name = 'Denied'
  readonly code: ErrorCode
  readonly status: number
  readonly details: ErrorDetails
  readonly [brand] = true

  constructor(code: ErrorCode, publicMessage: string = errorTable[code].message, details: ErrorDetails = {}) {
    super(publicMessage)
    this.code = code
    this.status = errorTable[code].status
    this.details = details
  }
}
