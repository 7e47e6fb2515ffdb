import { GraphQLError, type GraphQLErrorOptions } from 'graphql'
import type { RequestVerdict } from '../../transport/request-rates.ts'

const retryAfterSeconds = 5

/** Too many requests from one sender. */
export class TooManyRequests extends GraphQLError {
  constructor(
    sender: 'address' | 'principal',
    requestsPerMinute: number,
    { retryAfterSeconds }: RequestVerdict,
  ) {
    const whose = sender === 'address' ? 'Your address' : 'Your token'
    super(
      `${whose} has sent more than ${requestsPerMinute} requests a minute: try again in ${retryAfterSeconds} s, and ask for more with each request`,
      {
        extensions: {
          code: 'TOO_MANY_REQUESTS',
          limit: sender,
          requestsPerMinute,
          retryAfterSeconds,
          http: {
            status: 429,
            headers: {
              'retry-after': String(retryAfterSeconds),
              'ratelimit-limit': String(requestsPerMinute),
              'ratelimit-remaining': '0',
              'ratelimit-reset': String(retryAfterSeconds),
            },
          },
        },
      },
    )
  }
}

/** A request that a page of another origin could make a browser send without asking. */
export class CrossSiteRequest extends GraphQLError {
  constructor() {
    super(
      'A GET needs a header that a page of another site cannot send, "Authorization: Bearer ghat.…", "X-API-Key: ghat.…" or "apollo-require-preflight: true"; or send it as a POST with JSON',
      { extensions: { code: 'CROSS_SITE_REQUEST', http: { status: 403 } } },
    )
  }
}

/** A body that is not JSON. */
export class UnsupportedContentType extends GraphQLError {
  constructor() {
    super('Send JSON as "Content-Type: application/json"', {
      extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', http: { status: 415 } },
    })
  }
}

/** A body that says it is JSON and is not, or not in the one way in which everybody reads it alike. */
export class BodyInvalid extends GraphQLError {
  constructor(problem: string) {
    super(`The body ${problem}`, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } })
  }
}

export class BodyTooLarge extends GraphQLError {
  constructor(most: number) {
    super(`The body has more than ${most} bytes: split the request, or put fewer entries into its lists`, {
      extensions: { code: 'REQUEST_ENTITY_TOO_LARGE', most, http: { status: 413 } },
    })
  }
}

/** Several credentials, each of which is valid by itself. */
export class AmbiguousCredentials extends GraphQLError {
  constructor(where: readonly string[]) {
    super(`The request carries several credentials, in ${where.join(' and ')}: send one of them alone`, {
      extensions: { code: 'AMBIGUOUS_CREDENTIALS', type: 'ambiguous_credentials', http: { status: 400 } },
    })
  }
}

/** The header that names an organization names another than the token's. */
export class TenantMismatch extends GraphQLError {
  constructor(header: string) {
    super(
      `${header} is not the organization of your token. The token alone decides: leave the header out, or send the token of that organization`,
      { extensions: { code: 'TENANT_MISMATCH', type: 'tenant_mismatch', http: { status: 403 } } },
    )
  }
}

/** What everything is kept in does not answer. */
export class ServiceUnavailable extends GraphQLError {
  constructor(
    what: 'database' | 'store of sessions',
    place: Pick<GraphQLErrorOptions, 'path' | 'nodes'> = {},
  ) {
    super(
      `The ${what} does not answer: try again in a few seconds. A change may have been made all the same: look before you repeat it, or repeat it with its idempotencyKey`,
      {
        ...place,
        extensions: {
          code: 'SERVICE_UNAVAILABLE',
          retryAfterSeconds,
          http: { status: 503, headers: { 'retry-after': String(retryAfterSeconds) } },
        },
      },
    )
  }
}

/** The operation took longer than one operation may. */
export class OperationTimedOut extends GraphQLError {
  constructor(limitSeconds: number, place: Pick<GraphQLErrorOptions, 'path' | 'nodes'> = {}) {
    super(
      `The operation took more than ${limitSeconds} s: use smaller pages or a narrower filter, or split it. A change may have been made all the same: look before you repeat it`,
      { ...place, extensions: { code: 'OPERATION_TIMED_OUT', limitSeconds, http: { status: 504 } } },
    )
  }
}
