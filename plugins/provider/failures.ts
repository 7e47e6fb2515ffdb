import { Denied, type ErrorCode, type ErrorDetails } from 'gatehouse/plugin-sdk'
import type { Fields } from './http1/fields.ts'

/** The provider did not do its part. What the caller reads names the provider and nothing of its answer. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure'
  readonly denied: Denied
  /** Short, without addresses and secrets: `HTTP 500`, `ECONNREFUSED`. */
  readonly reason: string

  constructor(code: ErrorCode, reason: string, publicMessage: string, details: ErrorDetails = {}) {
    super(reason)
    this.reason = reason
    this.denied = new Denied(code, publicMessage, details)
  }
}

export function failedStatus(provider: string, status: number, headers: Fields): ProviderFailure {
  const retryAfter = headers['retry-after']
  const seconds = retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined
  const code = status === 504 || status === 524 ? 'provider_timeout' : 'provider_error'
  return new ProviderFailure(
    code,
    `HTTP ${status}`,
    `The provider "${provider}" failed (HTTP ${status})`,
    seconds === undefined ? {} : { retryAfterSeconds: seconds },
  )
}

export function encodedAnswer(provider: string): ProviderFailure {
  return new ProviderFailure(
    'provider_error',
    'unasked content-encoding',
    `The provider "${provider}" answered in an encoding that was not asked for`,
  )
}

export function oversizedAnswer(provider: string, limitBytes: number): ProviderFailure {
  return new ProviderFailure(
    'provider_error',
    'answer too large',
    `The answer of the provider "${provider}" exceeds ${limitBytes} bytes`,
  )
}

export function emptyStream(provider: string): ProviderFailure {
  return new ProviderFailure(
    'provider_error',
    'empty stream',
    `The provider "${provider}" ended its stream before the first event`,
  )
}

export function cutStream(provider: string): ProviderFailure {
  return new ProviderFailure(
    'provider_error',
    'stream cut',
    `The provider "${provider}" broke off its answer: what came is incomplete`,
  )
}

/** @param param the member of the body that sets the output limit, in tokens */
export function exceededReserve(
  provider: string,
  scope: string,
  { param, tokens }: { readonly param: string; readonly tokens: number | null },
): ProviderFailure {
  const limit = tokens === null ? '' : ` of ${tokens} tokens`
  return new ProviderFailure(
    'reservation_exceeded',
    'went on beyond its output limit',
    `The answer was cut off: the provider "${provider}" went on beyond its output limit${limit}, and beyond what the ${scope.replaceAll('_', ' ')} budget had set aside for it. Set a higher ${param} to have more set aside; an administrator should know that the provider does not keep to it`,
    { scope, param, ...(tokens !== null && { unit: 'tokens', limit: tokens }) },
  )
}

export function exceededDuration(provider: string, limitMs: number): ProviderFailure {
  return new ProviderFailure(
    'provider_timeout',
    'answer took too long',
    `The provider "${provider}" did not finish within ${limitMs} ms`,
  )
}

const timeouts: Readonly<Record<string, string>> = {
  HTTP_CONNECT_TIMEOUT: 'could not be reached in time',
  HTTP_HEAD_TIMEOUT: 'did not answer in time',
  HTTP_BODY_TIMEOUT: 'fell silent within its answer',
}

/** Puts what the HTTP client reports into words; undefined for a fault of ours, such as a plugin's bad header. */
export function connectionFailure(provider: string, error: Error): ProviderFailure | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (code === 'HTTP_INVALID_REQUEST') return undefined
  const timeout = timeouts[code]
  if (timeout !== undefined) {
    return new ProviderFailure('provider_timeout', code, `The provider "${provider}" ${timeout}`)
  }
  return new ProviderFailure('provider_error', code, `The connection to the provider "${provider}" failed`)
}
