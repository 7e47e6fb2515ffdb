import type { IncomingMessage, ServerResponse } from 'node:http'
import { costEstimatedHeader, costHeader, limitHeaders, requestIdHeader } from '../../contract/headers.ts'
import type { Configuration } from '../../plugins/sdk/builtin.ts'

/** How long a browser may keep a preflight's answer: an origin that is taken off the list is refused within it. */
const preflightAgeSeconds = 60
/** What the script of a page may read of an answer. */
const readableHeaders = [
  requestIdHeader,
  'retry-after',
  costHeader,
  costEstimatedHeader,
  ...Object.values(limitHeaders.requests),
  ...Object.values(limitHeaders.tokens),
  limitHeaders.policy,
  limitHeaders.standing,
].join(', ')

/** Who may call from a browser and with which headers, compiled from one configuration. [S1-32 … S1-37] */
export class CrossOriginRules {
  readonly #anyOrigin: boolean
  readonly #origins: ReadonlySet<string>
  readonly #allowedHeaders: string

  constructor({ allowedOrigins, allowedHeaders }: Pick<Configuration, 'allowedOrigins' | 'allowedHeaders'>) {
    this.#anyOrigin = allowedOrigins.includes('*')
    this.#origins = new Set(allowedOrigins)
    this.#allowedHeaders = allowedHeaders.join(', ')
  }

  /** Exact comparison: a serialized origin has one spelling (RFC 6454 §6.1), and `null` is nobody's. */
  allows(origin: string): boolean {
    if (origin === 'null') return false
    return this.#anyOrigin || this.#origins.has(origin)
  }

  /** The headers of every answer to a call with this `Origin`; never with credentials. */
  answerHeaders(origin: string | undefined): Record<string, string> {
    const headers: Record<string, string> = {}
    if (!this.#anyOrigin) headers.vary = 'Origin'
    if (origin !== undefined && this.allows(origin)) {
      headers['access-control-allow-origin'] = this.#anyOrigin ? '*' : origin
      headers['access-control-expose-headers'] = readableHeaders
    }
    return headers
  }

  /** The whole answer to an allowed preflight; what a browser may send is the list, not what it asked for. */
  preflightHeaders(origin: string): Record<string, string> {
    return {
      ...this.answerHeaders(origin),
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': this.#allowedHeaders,
      'access-control-max-age': String(preflightAgeSeconds),
    }
  }
}

/** Whether a request is a CORS preflight (Fetch standard §4.8). */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  )
}

/** Answers a preflight from an allowed origin. */
export function answerPreflight(rules: CrossOriginRules, origin: string, response: ServerResponse): void {
  response.writeHead(204, rules.preflightHeaders(origin)).end()
}
