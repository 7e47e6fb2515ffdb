import { CombinedError } from 'urql'

/** What became of a request that brought nothing, as far as a person can do something about it. */
export interface Failure {
  readonly kind: 'signed_out' | 'mfa_required' | 'offline' | 'unavailable' | 'forbidden' | 'other'
  readonly message: string
  /** When to try again without being told to; null: not at all. */
  readonly retryAfterSeconds: number | null
  /** Of `mfa_required`: where more is proved; there is none for an API token. */
  readonly stepUpUrl?: string
}

const presetRetrySeconds = 5
const longestRetrySeconds = 60
const unavailable: ReadonlySet<number> = new Set([429, 502, 503, 504])

export function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && 'kind' in error && 'retryAfterSeconds' in error
}

/** Of an answer that is not the one that was asked for. */
export function failureOfStatus(status: number, message: string, retryAfter: string | null): Failure {
  if (status === 401) return { kind: 'signed_out', message, retryAfterSeconds: null }
  if (unavailable.has(status)) {
    const seconds = Number(retryAfter) || presetRetrySeconds
    const retryAfterSeconds = Math.min(Math.max(seconds, presetRetrySeconds), longestRetrySeconds)
    return { kind: 'unavailable', message, retryAfterSeconds }
  }
  return { kind: status === 403 ? 'forbidden' : 'other', message, retryAfterSeconds: null }
}

/** Of what was thrown: no answer at all, or one that cannot be read. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CombinedError) return failureOfGraphql(error)
  if (error instanceof SyntaxError) {
    return { kind: 'other', message: 'The answer cannot be read.', retryAfterSeconds: null }
  }
  return { kind: 'offline', message: 'The control plane cannot be reached.', retryAfterSeconds: null }
}

function failureOfGraphql({ graphQLErrors, networkError, response }: CombinedError): Failure {
  const mfa = mfaFailureOf(graphQLErrors)
  if (mfa) return mfa
  const { status = 0, headers } = (response ?? {}) as Partial<Response>
  const [first] = graphQLErrors
  const retryAfter = headers?.get('retry-after') ?? null
  if (status >= 400) {
    return failureOfStatus(status, first?.message ?? `The control plane answers ${status}.`, retryAfter)
  }
  if (networkError) return failureOf(networkError)
  const kind = first?.extensions?.code === 'FORBIDDEN' ? 'forbidden' : 'other'
  return { kind, message: first?.message ?? 'The answer cannot be read.', retryAfterSeconds: null }
}

/** Signed in is enough of a proof for most, but not for this. */
function mfaFailureOf(errors: CombinedError['graphQLErrors']): Failure | undefined {
  const error = errors.find(({ extensions }) => extensions.type === 'mfa_required')
  if (!error) return undefined
  const { stepUpUrl } = error.extensions
  return {
    ...{ kind: 'mfa_required', message: error.message, retryAfterSeconds: null },
    ...(typeof stepUpUrl === 'string' && { stepUpUrl }),
  }
}
