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
}

const usual: ProviderKindRow = {
  hasIdTokens: true,
  defaultScopes: ['openid', 'profile', 'email', 'offline_access'],
  requiresHostedDomain: false,
  subjectClaim: 'sub',
  authorizationParameters: {},
  algorithms: signingAlgorithms,
}

export const providerKinds: Readonly<Record<ProviderKind, ProviderKindRow>> = {
  oidc: usual,
  okta: { ...usual, defaultScopes: [...usual.defaultScopes, 'groups'] },
  entra: { ...usual, subjectClaim: 'oid' },
  keycloak: usual,
  zitadel: {
    ...usual,
    defaultScopes: [...usual.defaultScopes, 'urn:zitadel:iam:org:projects:roles'],
  },
  oauth2: { ...usual, hasIdTokens: false, defaultScopes: [] },
  google_workspace: {
    ...usual,
    // Google knows no scope `offline_access`: a refresh token is asked for by the two parameters.
    defaultScopes: ['openid', 'profile', 'email'],
    requiresHostedDomain: true,
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
  },
}
