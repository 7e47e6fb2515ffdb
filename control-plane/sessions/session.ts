/** Somebody who signed in through an identity provider, in one browser. Times are milliseconds since the epoch. */
export interface Session {
  /** `sess_…` */
  readonly id: string
  readonly organizationId: string
  readonly userId: string
  /** `break_glass` of a local password. */
  readonly providerId: string
  /** How the identity provider names the person (`sub`). */
  readonly subject: string
  /** How the identity provider names its own session (`sid`); null when it does not say. */
  readonly providerSessionId: string | null
  readonly createdAt: number
  /** When the person last proved who they are, by the identity provider; null when it does not say. */
  readonly authenticatedAt: number | null
  /** Up to a minute too early: not every use is written down. */
  readonly lastSeenAt: number
  /** The absolute end; without use it ends earlier. */
  readonly expiresAt: number
  readonly userAgent: string
  readonly address: string
  /** When the identity provider last confirmed it; where it can confirm nothing, when that last showed. */
  readonly checkedAt: number
  /** `amr` */
  readonly authenticationMethods: readonly string[]
  /** `acr` */
  readonly authenticationClass: string | null
  /** `acrs`, as Entra calls what it makes of `acr` */
  readonly authenticationContexts: readonly string[]
  /** Counts the refreshes: whoever asks for one by an older version is given the newer secrets. */
  readonly secretsVersion: number
}

/** In place of an identity provider's id, of whoever signed in with a local password. */
export const breakGlassProviderId = 'break_glass'

/** What the identity provider gave us for a session; stored sealed and never shown. */
export interface SessionSecrets {
  readonly idToken: string
  readonly refreshToken: string | null
}

const longestUserAgent = 256

/** A User-Agent header as it may be shown: no control or direction-changing character, and no novel. */
export function presentableUserAgent(header: string): string {
  return header
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(0, longestUserAgent)
    .toWellFormed()
}
