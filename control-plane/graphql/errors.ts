import { GraphQLError } from 'graphql'
import { errorTable } from '../../contract/errors.ts'

/**
 * A refusal that callers are told to expect: it is thrown by a service and returned as a member of the
 * mutation's result union.
 */
export class Refusal extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Nobody is signed in, or the token is not, or no longer, valid. */
export class Unauthenticated extends GraphQLError {
  constructor(
    message = 'Sign in, or send a valid API token as "Authorization: Bearer ghat.…" or "X-API-Key: ghat.…"',
    type = 'authentication_required',
  ) {
    super(message, {
      extensions: {
        code: 'UNAUTHENTICATED',
        type,
        http: { status: 401, headers: { 'www-authenticate': 'Bearer' } },
      },
    })
  }
}

/** The caller's role does not have the permission. */
export class Forbidden extends GraphQLError {
  constructor(permission: string, detail = `Your role lacks the permission "${permission}"`) {
    super(detail, { extensions: { code: 'FORBIDDEN', permission } })
  }
}

/** People are made users by an identity provider, and by nobody else. */
export class IdpManaged extends GraphQLError {
  constructor(provider: string) {
    super(
      `Users come from the identity provider "${provider}": whoever signs in there once becomes one, or is imported from its directory. To create them by hand, disable it first`,
      { extensions: { code: 'FORBIDDEN', type: 'idp_managed' } },
    )
  }
}

/** What somebody has yet to prove, and where. */
export interface Lacking {
  readonly acrValues: readonly string[]
  readonly amr: readonly string[]
  readonly maxAgeSeconds: number | null
  /** Null: this credential cannot prove more. */
  readonly stepUpUrl: string | null
}

/** The permission is there, but has to be used by somebody who has proved more, or more lately (RFC 9470). */
export class MfaRequired extends GraphQLError {
  constructor({ acrValues, amr, maxAgeSeconds, stepUpUrl }: Lacking) {
    const { message, status } = errorTable.mfa_required
    const wayOut =
      stepUpUrl === null
        ? 'this token was not issued by somebody who had proved as much: have one issued after a step-up, or use a session'
        : 'have the person go to stepUpUrl, and try again'
    super(`${message}: ${wayOut}`, {
      extensions: {
        ...{ code: 'MFA_REQUIRED', type: 'mfa_required' },
        ...{ acrValues, amr, maxAge: maxAgeSeconds, stepUpUrl },
        http: { status, headers: { 'www-authenticate': challengeOf({ acrValues, maxAgeSeconds }) } },
      },
    })
  }
}

/** RFC 9470, section 3. The values hold no quote. */
function challengeOf({ acrValues, maxAgeSeconds }: Pick<Lacking, 'acrValues' | 'maxAgeSeconds'>): string {
  return [
    'Bearer error="insufficient_user_authentication"',
    'error_description="Multi-factor authentication is required"',
    ...(acrValues.length > 0 ? [`acr_values="${acrValues.join(' ')}"`] : []),
    ...(maxAgeSeconds === null ? [] : [`max_age="${maxAgeSeconds}"`]),
  ].join(', ')
}

/** An argument is outside what the field accepts. */
export class BadUserInput extends GraphQLError {
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`, { extensions: { code: 'BAD_USER_INPUT', field } })
  }
}

export interface Excess {
  /** What was measured: `complexity`, `depth`, `aliases`, … */
  readonly measure: string
  readonly most: number
  readonly found?: number
  /** What to do instead, a sentence without its full stop. */
  readonly wayOut: string
}

/** The operation asks for more than one operation may. */
export class OperationTooCostly extends GraphQLError {
  constructor({ wayOut, ...excess }: Excess) {
    const { measure, most, found } = excess
    const name = measure.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    super(
      `The operation is too costly: its ${name}${found === undefined ? '' : ` of ${found}`} exceeds the limit of ${most}. ${wayOut}`,
      { extensions: { code: 'OPERATION_TOO_COSTLY', ...excess, http: { status: 400 } } },
    )
  }
}
