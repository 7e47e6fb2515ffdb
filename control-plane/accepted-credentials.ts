import type { CredentialKind } from '../contract/credential-kinds.ts'
import { Unauthenticated } from './graphql/errors.ts'

const plurals: Readonly<Record<CredentialKind, string>> = {
  API_TOKEN: 'API tokens',
  JWT: 'tokens of JWT providers',
  SESSION: 'sessions',
}

const waysIn: Readonly<Record<CredentialKind, string>> = {
  API_TOKEN: 'send an API token',
  JWT: 'send a token of a JWT provider',
  SESSION: 'sign in',
}

/** What somebody may do who may not go on as they do: "sign in or send an API token". */
export function waysInBy(accepted: readonly CredentialKind[]): string {
  return accepted.map((kind) => waysIn[kind]).join(' or ')
}

export function pluralOf(kind: CredentialKind): string {
  return plurals[kind]
}

/** The credential is valid, of a kind that its organization does not take. */
export class CredentialNotAccepted extends Unauthenticated {
  constructor(kind: CredentialKind, accepted: readonly CredentialKind[]) {
    const message = `This organization does not accept ${plurals[kind]}: ${waysInBy(accepted)}`
    super(message, 'credential_not_accepted')
  }
}

/**
 * Asked once a credential has proved valid, so that nobody else learns what an organization accepts. [S3-07]
 *
 * @param kind null for one that is always accepted, see `Actor.credential`
 * @throws CredentialNotAccepted
 */
export function requireAccepted(kind: CredentialKind | null, accepted: readonly CredentialKind[]): void {
  if (kind !== null && !isAccepted(kind, accepted)) throw new CredentialNotAccepted(kind, accepted)
}

export function isAccepted(kind: CredentialKind | null, accepted: readonly CredentialKind[]): boolean {
  return kind === null || accepted.includes(kind)
}
