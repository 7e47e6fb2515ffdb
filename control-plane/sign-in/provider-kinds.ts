export type ProviderKind = 'okta' | 'entra' | 'keycloak' | 'zitadel' | 'google_workspace' | 'oidc'

/** Asymmetric only: with a symmetric one, whoever knows what we verify with could sign. */
export const signingAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** What differs between identity providers. */
export interface ProviderKindRow {
  readonly defaultScopes: readonly string[]
  /** Paths for `readClaim`; the first that a token has is the usual one. */
  readonly groupClaims: readonly string[]
  readonly roleClaims: readonly string[]
  /** Whether anybody of any company has an account there, so that the ID token must name ours in `hd`. */
  readonly requiresHostedDomain: boolean
  /** What names a person: Entra's `sub` differs from application to application, its `oid` within a `tid` does not. */
  readonly subjectClaim: 'sub' | 'oid'
  readonly authorizationParameters: Readonly<Record<string, string>>
  readonly algorithms: readonly SigningAlgorithm[]
}

const usual: ProviderKindRow = {
  defaultScopes: ['openid', 'profile', 'email', 'offline_access'],
  groupClaims: ['groups'],
  roleClaims: ['roles', 'role'],
  requiresHostedDomain: false,
  subjectClaim: 'sub',
  authorizationParameters: {},
  algorithms: signingAlgorithms,
}

export const providerKinds: Readonly<Record<ProviderKind, ProviderKindRow>> = {
  oidc: usual,
  okta: { ...usual, defaultScopes: [...usual.defaultScopes, 'groups'], roleClaims: ['role', 'roles'] },
  entra: { ...usual, roleClaims: ['roles'], subjectClaim: 'oid' },
  keycloak: { ...usual, roleClaims: ['realm_access.roles'] },
  zitadel: {
    ...usual,
    defaultScopes: [...usual.defaultScopes, 'urn:zitadel:iam:org:projects:roles'],
    roleClaims: ['urn:zitadel:iam:org:project:roles'],
  },
  google_workspace: {
    ...usual,
    // Google knows no scope `offline_access`: a refresh token is asked for by the two parameters.
    defaultScopes: ['openid', 'profile', 'email'],
    groupClaims: [],
    roleClaims: [],
    requiresHostedDomain: true,
    authorizationParameters: { access_type: 'offline', prompt: 'consent' },
  },
}
