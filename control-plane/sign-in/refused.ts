/** Why somebody is not signed in, as one word for programs. */
export type SignInRefusalCode =
  | 'break_glass_busy'
  | 'break_glass_locked'
  | 'break_glass_refused'
  | 'callback_invalid'
  | 'email_taken'
  | 'enrolment_refused'
  | 'hosted_domain_mismatch'
  | 'id_token_invalid'
  | 'id_token_key_unknown'
  | 'logout_token_invalid'
  | 'organization_unknown'
  | 'provider_error'
  | 'provider_misconfigured'
  | 'provider_unavailable'
  | 'provider_unknown'
  | 'return_to_invalid'
  | 'sign_in_unknown'
  | 'session_needed'
  | 'sessions_not_accepted'
  | 'state_mismatch'
  | 'step_up_invalid'
  | 'step_up_other_person'
  | 'step_up_unmet'
  | 'test_unknown'
  | 'too_many_sessions'
  | 'user_inactive'
  | 'user_not_authorized'
  | 'user_unknown'

/** The message is for everybody: it says what was wrong and repeats neither secrets nor what a token says. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused'
  readonly code: SignInRefusalCode
  /** What the provider called it, such as `access_denied` or `login_required`; null when it said nothing. */
  readonly providerError: string | null

  constructor(
    code: SignInRefusalCode,
    message: string,
    more: { readonly cause?: unknown; readonly providerError?: string } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.providerError = more.providerError ?? null
  }
}
