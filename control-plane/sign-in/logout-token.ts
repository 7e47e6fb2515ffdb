import {
  checkAudience,
  checkIssuer,
  checkTimes,
  lastBelievedAt,
  nameOf,
  optionalNameOf,
} from '../../contract/token-claims.ts'
import type { TokenParties } from './id-token.ts'
import { providerKinds } from './provider-kinds.ts'
import { SignInRefused } from './refused.ts'
import { readSignedToken, type SignedToken, type SigningKeys, TokenInvalid } from './signed-token.ts'

/** Whose sessions the provider has ended: of a person, of one of its own sessions, or both. */
export interface LogoutNotice {
  readonly subject: string | null
  readonly sessionId: string | null
  /** Unique at the provider: a second token with it is a replay. */
  readonly tokenId: string
  /** In milliseconds since 1970. Until then the token is believed, so that its id is to be remembered. */
  readonly expiresAt: number
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const mostAgeSeconds = 2 * 60

/**
 * Believes a logout token: OpenID Connect Back-Channel Logout 1.0 §2.6. Whether it came before is the caller's to know.
 *
 * @param now in milliseconds
 * @throws SignInRefused `logout_token_invalid`, or what fetching keys fails with.
 */
export async function verifyLogoutToken(
  token: string,
  expected: TokenParties,
  keys: SigningKeys,
  now: number,
): Promise<LogoutNotice> {
  try {
    const signed = await readSignedToken(token, keys, providerKinds[expected.kind].algorithms)
    return readNotice(signed, expected, now / 1000)
  } catch (error) {
    if (!(error instanceof TokenInvalid)) throw error
    throw new SignInRefused('logout_token_invalid', `The logout token ${error.message}`)
  }
}

function readNotice(
  { type, claims }: SignedToken,
  { kind, issuer, clientId }: TokenParties,
  nowSeconds: number,
): LogoutNotice {
  if (type !== 'logout+jwt') throw new TokenInvalid('does not say that it is one')
  checkIssuer(claims, issuer)
  checkAudience(claims, clientId)
  checkTimes(claims, nowSeconds, mostAgeSeconds)
  checkEvents(claims.events)
  // §2.4: so that nobody takes it for an ID token.
  if (claims.nonce !== undefined) throw new TokenInvalid('has a nonce')
  const subject = optionalNameOf(claims, providerKinds[kind].subjectClaim)
  const sessionId = optionalNameOf(claims, 'sid')
  if (subject === null && sessionId === null) throw new TokenInvalid('names neither a person nor a session')
  return {
    subject,
    sessionId,
    tokenId: nameOf(claims, 'jti'),
    expiresAt: 1000 * lastBelievedAt(claims, mostAgeSeconds),
  }
}

/** §2.4: an object with this one member, whose value is an object and should be empty. */
function checkEvents(events: unknown): void {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  const members = isObject(events) ? Object.entries(Object(events)) : []
  const [event, ...others] = members
  if (event?.[0] === logoutEvent && isObject(event[1]) && others.length === 0) return
  throw new TokenInvalid('does not tell of a logout')
}
