import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { KeysUnusable } from './jwks.ts'
import { type SignInRefusalCode, SignInRefused } from './refused.ts'

/** What the library's codes mean to whoever signs in; all others say that the provider cannot be understood. */
const meanings: Readonly<Record<string, readonly [SignInRefusalCode, string]>> = {
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: [
    'id_token_invalid',
    'The provider’s ID token does not answer this sign-in',
  ],
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: [
    'id_token_invalid',
    'The provider’s ID token has expired or does not hold yet',
  ],
  OAUTH_KEY_SELECTION_FAILED: [
    'id_token_key_unknown',
    'The provider’s ID token is signed by a key it does not have',
  ],
  OAUTH_INVALID_RESPONSE: ['id_token_invalid', 'The provider’s ID token is not valid'],
  OAUTH_UNSUPPORTED_OPERATION: [
    'id_token_invalid',
    'The provider’s ID token is signed in a way that is not allowed',
  ],
  OAUTH_RESPONSE_IS_NOT_CONFORM: ['provider_unavailable', 'The identity provider cannot answer now'],
  OAUTH_TIMEOUT: ['provider_unavailable', 'The identity provider did not answer in time'],
  OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED: [
    'provider_misconfigured',
    'The identity provider calls itself by another issuer than the one that is set up',
  ],
  OAUTH_MISSING_SERVER_METADATA: [
    'provider_misconfigured',
    'The identity provider’s discovery document lacks an address',
  ],
  OAUTH_INVALID_SERVER_METADATA: [
    'provider_misconfigured',
    'The identity provider’s discovery document is not valid',
  ],
  OAUTH_HTTP_REQUEST_FORBIDDEN: ['provider_misconfigured', 'The identity provider must be asked over https'],
}

const notUnderstood = 'The identity provider’s answer cannot be understood'

/** Whatever asking a provider failed with, as a refusal. */
export function refusalOf(error: unknown): SignInRefused {
  const inner = cause(error)
  if (inner instanceof SignInRefused) return inner
  const providerError = providerErrorOf(inner)
  if (providerError !== undefined) {
    return new SignInRefused('provider_error', `The identity provider answered: ${providerError}`, {
      providerError,
    })
  }
  if (inner instanceof KeysUnusable) {
    return new SignInRefused('provider_misconfigured', 'The identity provider has no usable keys', {
      cause: inner,
    })
  }
  if (inner instanceof ClientError) {
    const [code, message] = meanings[inner.code ?? ''] ?? ['provider_error', notUnderstood]
    // Not the error itself: what it holds are tokens and claims, and causes are logged.
    return new SignInRefused(code, message, { cause: new Error(`${inner.code}: ${inner.message}`) })
  }
  // A member of another type than the one that it must be of.
  if (inner instanceof TypeError) return new SignInRefused('provider_error', notUnderstood, { cause: inner })
  return new SignInRefused('provider_unavailable', 'The identity provider cannot be reached', {
    cause: inner,
  })
}

/**
 * Whether a refresh was refused for good. RFC 6749 §5.2 has a refusal be a 400 that says `invalid_grant`; some providers,
 * such as glewlwyd, send the 400 alone.
 */
export function isRefusedGrant(error: unknown): boolean {
  if (providerErrorOf(error) === 'invalid_grant') return true
  if (!(error instanceof ClientError && error.cause instanceof Response)) return false
  const { status, headers } = error.cause
  return status === 400 && headers.get('content-length') === '0'
}

/** The `error` of RFC 6749 §4.1.2.1 and §5.2; undefined when the provider answered otherwise, or not at all. */
export function providerErrorOf(error: unknown): string | undefined {
  if (error instanceof WWWAuthenticateChallengeError) return 'invalid_client'
  if (!(error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)) return undefined
  // It comes from outside and is shown: nothing that is markup, nothing long.
  return /^[\w.-]{1,64}$/.test(error.error) ? error.error : 'unknown_error'
}

/** What our own part of the library threw, or the network: it wraps what it does not know. */
function cause(error: unknown): unknown {
  return error instanceof ClientError && error.code === undefined ? error.cause : error
}
