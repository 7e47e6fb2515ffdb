/** Who has to act: the application, an administrator's policy, the provider, or whoever runs Gatehouse. */
export type ErrorOwner = 'caller' | 'policy' | 'upstream' | 'platform'

export interface ErrorRow {
  readonly status: number
  readonly owner: ErrorOwner
  readonly retryable: boolean
  /** What the caller reads when the refusing code has nothing more precise to say. */
  readonly message: string
}

/**
 * Every way in which a call can be refused or fail, on both planes. The words are part of the API:
 * a row may be added, never renamed.
 */
export const errorTable = {
  authentication_required: caller(401, 'SSO authentication required'),
  mfa_required: caller(401, 'Multi-factor authentication required'),
  virtual_key_required: caller(
    401,
    'Authentication is required: send a virtual key as "Authorization: Bearer sk-gh-…" (or x-api-key, api-key, x-goog-api-key, x-bf-vk, x-bifrost-virtual-key)',
  ),
  virtual_key_not_found: caller(401, 'Unknown virtual key'),
  ambiguous_credentials: caller(400, 'The request carries two different virtual keys: send one'),
  missing_required_headers: caller(400, 'A required header is missing'),
  invalid_request_error: caller(400, 'The request is not valid'),
  not_found: caller(404, 'Unknown route'),
  method_not_allowed: caller(405, 'This route does not serve this method'),
  request_too_large: caller(413, 'The request body is too large'),
  virtual_key_blocked: policy(403, 'The virtual key is not active'),
  provider_blocked: policy(403, 'The virtual key may not use this provider'),
  model_blocked: policy(403, 'The virtual key may not use this model'),
  tool_blocked: policy(403, 'The virtual key may not use this tool'),
  user_not_authorized: policy(403, 'User does not have permission to access this model'),
  price_unknown: policy(403, 'The cost of this call cannot be bounded'),
  compliance_violation: policy(403, 'Request violates GDPR data minimization requirements'),
  approval_required: policy(403, 'This action needs an approval'),
  tenant_mismatch: policy(403, 'The tenant header does not match the credential'),
  ip_not_allowed: policy(403, 'This address may not call the gateway'),
  ip_blocked: policy(403, 'This address is blocked'),
  origin_not_allowed: policy(403, 'This origin may not call the gateway'),
  quarantined: policy(403, 'The caller is quarantined'),
  session_terminated: policy(403, 'The session was terminated'),
  governance_root_violation: policy(403, 'Only the workspace decides this'),
  idp_managed: policy(403, 'Users are managed by the identity provider'),
  budget_exceeded: policy(402, 'Budget exceeded'),
  reservation_exceeded: policy(402, 'The answer was cut off: it costs more than its budget had set aside'),
  rate_limited: limited('Rate limit exceeded'),
  request_limited: limited('Request limit exceeded'),
  token_limited: limited('Token limit exceeded'),
  concurrency_limited: limited('Too many calls are under way at once'),
  provider_error: upstream(502, 'The provider failed'),
  provider_timeout: upstream(504, 'The provider did not answer in time'),
  internal_error: platform(500, 'Unexpected error'),
  plugin_error: platform(500, 'A plugin failed, so the call was refused'),
  not_implemented: platform(501, 'Not implemented'),
  config_unavailable: platform(503, 'This data plane has no valid configuration yet'),
  audit_unavailable: platform(503, 'The call cannot be recorded, so it was refused'),
  budget_unavailable: platform(503, 'The budget cannot be checked right now'),
  overloaded: platform(503, 'The gateway is at its capacity'),
  shutting_down: platform(503, 'The gateway is being restarted: send the call again'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

/** Facts that a refusal may carry beside its message; each is safe to show to the caller. */
export interface ErrorDetails {
  /** The request field at fault. */
  readonly param?: string
  /** The level whose limit was reached: `customer`, `team`, `virtual_key`, … */
  readonly scope?: string
  /** What `limit` and `used` count: `usd`, `requests`, … */
  readonly unit?: string
  readonly limit?: number | string
  readonly used?: number | string
  /** RFC 3339 time at which the limit is replenished. */
  readonly resets_at?: string
  /** Sent as `Retry-After`, in seconds. */
  readonly retryAfterSeconds?: number
}

/** The error body of the OpenAI surface, which its SDKs turn into their own error classes. */
export function openaiErrorBody(code: ErrorCode, message: string, requestId: string, details: ErrorDetails) {
  const { param = null, retryAfterSeconds: _header, ...facts } = details
  return { error: { type: code, message, code, param, request_id: requestId, ...facts } }
}

function caller(status: number, message: string): ErrorRow {
  return { status, owner: 'caller', retryable: false, message }
}
function policy(status: number, message: string): ErrorRow {
  return { status, owner: 'policy', retryable: false, message }
}
function limited(message: string): ErrorRow {
  return { status: 429, owner: 'policy', retryable: true, message }
}
function upstream(status: number, message: string): ErrorRow {
  return { status, owner: 'upstream', retryable: true, message }
}
function platform(status: number, message: string): ErrorRow {
  return { status, owner: 'platform', retryable: status === 503, message }
}
