import { createHash } from 'node:crypto'
import {
  checkAudience,
  checkAuthenticationTime,
  checkIssuer,
  checkTimes,
  nameOf,
  optionalNameOf,
} from '../../contract/token-claims.ts'
import { entraTenant } from './entra-tenant.ts'
import { type ProviderKind, providerKinds, type SigningAlgorithm } from './provider-kinds.ts'
import { SignInRefused } from './refused.ts'
import {
  KeyUnknown,
  readSignedToken,
  type SignedToken,
  type SigningKeys,
  TokenInvalid,
} from './signed-token.ts'

/** The provider that a token must come from, and the client that it must be for. */
export interface TokenParties {
  readonly kind: ProviderKind
  readonly issuer: string
  readonly clientId: string
  readonly hostedDomain: string | null
}

export interface IdTokenExpectations extends TokenParties {
  /** What was sent with the challenge; null for a token that a refresh brought, which answers no challenge. */
  readonly nonce: string | null
  /** The access token that came with it; null when none did. */
  readonly accessToken: string | null
  /** The code that it was got for; null for a token that a refresh brought. */
  readonly code: string | null
  /** What was asked for with the challenge. */
  readonly maxAgeSeconds?: number | undefined
}

export interface VerifiedIdToken {
  /** What names the person at this provider. */
  readonly subject: string
  /** The provider's session, for a later logout. */
  readonly providerSessionId: string | null
  readonly claims: Readonly<Record<string, unknown>>
}

const mostAgeSeconds = 10 * 60

/**
 * Believes an ID token: OpenID Connect Core §3.1.3.7, and what it leaves to us.
 *
 * @param now in milliseconds
 * @throws SignInRefused `id_token_invalid`, `id_token_key_unknown`, `hosted_domain_mismatch` or `provider_misconfigured`; or what fetching
 *   keys fails with.
 */
export async function verifyIdToken(
  token: string,
  expected: IdTokenExpectations,
  keys: SigningKeys,
  now: number,
): Promise<VerifiedIdToken> {
  try {
    const signed = await readSignedToken(token, keys, providerKinds[expected.kind].algorithms)
    checkIdToken(signed, expected, now / 1000)
    const { claims } = signed
    return {
      subject: subjectOf(claims, expected),
      providerSessionId: optionalNameOf(claims, 'sid'),
      claims,
    }
  } catch (error) {
    if (!(error instanceof TokenInvalid)) throw error
    const code = error instanceof KeyUnknown ? 'id_token_key_unknown' : 'id_token_invalid'
    throw new SignInRefused(code, `The provider’s ID token ${error.message}`)
  }
}

function checkIdToken(
  { type, alg, claims }: SignedToken,
  expected: IdTokenExpectations,
  nowSeconds: number,
): void {
  // RFC 8725 §3.11: an access token or a logout token says so, and is no ID token.
  if (type !== undefined && type !== 'jwt' && type !== 'jose') throw new TokenInvalid('is of another type')
  checkIssuer(claims, expected.issuer)
  checkAudience(claims, expected.clientId)
  checkTimes(claims, nowSeconds, mostAgeSeconds)
  // OpenID Connect Back-Channel Logout §2.4: so is a logout token that does not say its type.
  if (claims.events !== undefined) throw new TokenInvalid('tells of events, so it is no ID token')
  if (expected.nonce !== null && claims.nonce !== expected.nonce) {
    throw new TokenInvalid('does not answer this sign-in: its nonce is another')
  }
  if (!isHashOf(claims.at_hash, expected.accessToken, alg)) {
    throw new TokenInvalid('came with another access token')
  }
  if (!isHashOf(claims.c_hash, expected.code, alg)) throw new TokenInvalid('was given for another code')
  if (expected.maxAgeSeconds !== undefined) {
    checkAuthenticationTime(claims, nowSeconds, expected.maxAgeSeconds)
  }
  checkHostedDomain(claims, expected)
}

/** Who the token is about. @throws TokenInvalid, or SignInRefused when the settings let in any tenant. */
function subjectOf(claims: SignedToken['claims'], { kind, issuer }: TokenParties): string {
  const sub = nameOf(claims, 'sub')
  const { subjectClaim } = providerKinds[kind]
  if (subjectClaim === 'sub') return sub
  const tenant = entraTenant(issuer)
  if (tenant === undefined) {
    throw new SignInRefused(
      'provider_misconfigured',
      'The issuer must name one tenant by its id: common, organizations and consumers let anybody in',
    )
  }
  if (nameOf(claims, 'tid').toLowerCase() !== tenant) throw new TokenInvalid('is of another tenant')
  return nameOf(claims, subjectClaim)
}

/** What a request says of the domain is a hint to the provider: only the token binds. */
function checkHostedDomain(claims: SignedToken['claims'], { kind, hostedDomain }: TokenParties): void {
  if (!providerKinds[kind].requiresHostedDomain) return
  const { hd } = claims
  if (hostedDomain && typeof hd === 'string' && hd.toLowerCase() === hostedDomain.toLowerCase()) return
  throw new SignInRefused('hosted_domain_mismatch', 'The account is not one of the organization’s domain')
}

/** OpenID Connect Core §3.1.3.6, §3.3.2.11: the left half of the hash that the signature uses. A provider need not say it. */
function isHashOf(claimed: unknown, value: string | null, alg: SigningAlgorithm): boolean {
  if (value === null || claimed === undefined) return true
  const digest = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(value)
    .digest()
  return claimed === digest.subarray(0, digest.length / 2).toString('base64url')
}

export { type LogoutNotice, verifyLogoutToken } from './logout-token.ts'
