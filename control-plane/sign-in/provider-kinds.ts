export type ProviderKind = 'okta' | 'entra' | 'keycloak' | 'zitadel' | 'google_workspace' | 'oidc' | 'oauth2'

/** Asymmetric only: with a symmetric one, whoever knows what we verify with could sign. */
export const signingAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** Of a provider that has no discovery document: where it is asked, and what names a person there. */
export interface OAuth2Settings {
  readonly authorizeUrl: string
  readonly tokenUrl: string
  readonly userinfoUrl: string
  /** A member of what userinfo answers, a text or a whole number: GitHub has `id`. */
  readonly subjectClaim: string
}

/** What in an ID token says that more than one factor was shown; one of either list is enough. */
export interface MfaEvidence {
  /** Takes a sign-in at the provider for MFA whatever its tokens say: the provider lets nobody in without. */
  readonly trusted: boolean
  /** Authentication classes; a step-up asks for these. */
  readonly acrValues: readonly string[]
  /** Authentication methods. */
  readonly amr: readonly string[]
}

/** What differs between identity providers. */
export interface ProviderKindRow {
  /** Whether an ID token says who somebody is, and not userinfo. */
  readonly hasIdTokens: boolean
  readonly defaultScopes: readonly string[]
  /** Whether anybody of any company has an account there, so that the ID token must name ours in `hd`. */
  readonly requiresHostedDomain: boolean
  /** What names a person: Entra's `sub` differs from application to application, its `oid` within a `tid` does not. */
  readonly subjectClaim: 'sub' | 'oid'
  readonly authorizationParameters: Readonly<Record<string, string>>
  readonly algorithms: readonly SigningAlgorithm[]
  /** Unless an organization says otherwise of its provider. */
  readonly mfa: MfaEvidence
  /** How a class is asked for: `acr_values`, or Entra's contexts by `claims`, which come back as `acrs`. */
  readonly asksForClass: 'acr_values' | 'acrs'
  /** Has the person show who they are, whatever session they have there. */
  readonly freshPrompt: string
}

const usual: ProviderKindRow = {
  hasIdTokens: true,
  defaultScopes: ['openid', 'profile', 'email', 'offline_access'],
  requiresHostedDomain: false,
  subjectClaim: 'sub',
  authorizationParameters: {},
  algorithms: signingAlgorithms,
  // RFC 8176: "multiple-factor authentication".
  mfa: { trusted: false, acrValues: [], amr: ['mfa'] },
  asksForClass: 'acr_values',
  freshPrompt: 'login',
}

export const providerKinds: Readonly<Record<ProviderKind, ProviderKindRow>> = {
  oidc: usual,
  okta: {
    ...usual,
    defaultScopes: [...usual.defaultScopes, 'groups'],
    // `…2fa:any:ifpossible` is what it says, and `phr` may be one factor.
    mfa: { ...usual.mfa, acrValues: ['urn:okta:loa:2fa:any'] },
  },
  // Tokens of version 2.0 have neither amr nor acr: an organization names the authentication context that means MFA.
  entra: { ...usual, subjectClaim: 'oid', asksForClass: 'acrs' },
  keycloak: usual,
  zitadel: {
    ...usual,
    defaultScopes: [...usual.defaultScopes, 'urn:zitadel:iam:org:projects:roles'],
  },
  oauth2: {
    ...usual,
    hasIdTokens: false,
    defaultScopes: [],
    // What userinfo answers may be what the person wrote there.
    mfa: { trusted: false, acrValues: [], amr: [] },
  },
  google_workspace: {
    ...usual,
    // Google knows no scope `offline_access`: a refresh token is asked for by the two parameters.
    defaultScopes: ['openid', 'profile', 'email'],
    requiresHostedDomain: true,
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
    // Its tokens say nothing of factors, and it knows no prompt `login`.
    mfa: { trusted: false, acrValues: [], amr: [] },
    freshPrompt: 'consent select_account',
  },
}
