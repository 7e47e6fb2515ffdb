import type { Evidence } from '../assurance.ts'
import type { MfaEvidence } from './provider-kinds.ts'

type Claims = Readonly<Record<string, unknown>>

/** What an ID token says of how its person proved who they are. */
export interface Authentication {
  /** `amr` */
  readonly authenticationMethods: readonly string[]
  /** `acr` */
  readonly authenticationClass: string | null
  /** Entra's `acrs` */
  readonly authenticationContexts: readonly string[]
  /** When, in milliseconds; null: the provider does not say. */
  readonly authenticatedAt: number | null
}

const mostValues = 50
const longestValue = 256

/**
 * A provider that is trusted although it does not say when somebody proved who they are, is taken to say that it was now.
 *
 * @param now in milliseconds
 */
export function authenticationOf(claims: Claims, { trusted }: MfaEvidence, now: number): Authentication {
  const { auth_time: at, acr } = claims
  const saidAt = typeof at === 'number' && Number.isFinite(at) && at > 0 ? Math.min(at * 1_000, now) : null
  // Keycloak may write the level as a number.
  const [authenticationClass = null] = textsOf(typeof acr === 'number' ? String(acr) : acr)
  return {
    authenticationMethods: textsOf(claims.amr),
    authenticationClass,
    authenticationContexts: textsOf(claims.acrs),
    authenticatedAt: saidAt ?? (trusted ? now : null),
  }
}

/** What that is worth at a provider with these rules. */
export function evidenceOf(
  { authenticationMethods: methods, authenticatedAt: at, ...said }: Authentication,
  mfa: MfaEvidence,
): Evidence {
  const classes = [
    ...(said.authenticationClass === null ? [] : [said.authenticationClass]),
    ...said.authenticationContexts,
  ]
  return { isMfa: isMfa({ methods, classes }, mfa), methods, classes, at }
}

/** Whether that counts as MFA by these rules. */
export function isMfa(
  { methods, classes }: Pick<Evidence, 'methods' | 'classes'>,
  { trusted, acrValues, amr }: MfaEvidence,
): boolean {
  return (
    trusted ||
    acrValues.some((value) => classes.includes(value)) ||
    amr.some((value) => methods.includes(value))
  )
}

function textsOf(claim: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  const texts = values.filter((value): value is string => typeof value === 'string')
  return texts.filter((text) => text !== '' && text.length <= longestValue).slice(0, mostValues)
}
