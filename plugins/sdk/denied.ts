import { type ErrorCode, type ErrorDetails, errorTable } from '../../contract/errors.ts'

export type { ErrorCode, ErrorDetails }

/**
 * The one way to refuse a call. Its code decides the HTTP status (contract/errors.ts), its message is shown to the
 * caller. Anything else that a plugin throws is a bug: the call is refused with 500 and nothing leaves.
 */
export class Denied extends Error {
  override readonly name = 'Denied'
  readonly code: ErrorCode
  readonly status: number
  readonly details: ErrorDetails

  constructor(code: ErrorCode, publicMessage: string = errorTable[code].message, details: ErrorDetails = {}) {
    super(publicMessage)
    this.code = code
    this.status = errorTable[code].status
    this.details = details
  }
}
